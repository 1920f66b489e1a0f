import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confinePath, isInside } from "../../src/kernel/confine-path.ts";
import { isSluiceError } from "../../src/kernel/errors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function rooms(): Promise<{ root: string; outside: string }> {
  const base = await realpath(await temporaryFolder());
  const [root, outside] = [join(base, "root"), join(base, "root-beside")];
  await mkdir(join(root, "inner"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "file"), "x");
  return { root, outside };
}

describe("confinePath", () => {
  it("gives the path of what is there and of what is not there yet", async () => {
    const { root } = await rooms();
    expect(await confinePath(root, "inner")).toBe(join(root, "inner"));
    expect(await confinePath(root, "inner/new/file.md")).toBe(join(root, "inner/new/file.md"));
    expect(await confinePath(root, "inner/../other")).toBe(join(root, "other"));
    expect(await confinePath(root, ".")).toBe(root);
    expect(await confinePath(root, "..hidden")).toBe(join(root, "..hidden"));
  });

  it("refuses names that leave the folder, also to one whose name only begins the same", async () => {
    const { root } = await rooms();
    for (const name of ["..", "../root-beside/file", "inner/../../x", "a/../../../etc/passwd"]) {
      await expect(confinePath(root, name), name).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOT" });
    }
    for (const name of ["/etc/passwd", "a\0b"]) {
      await expect(confinePath(root, name), name).rejects.toMatchObject({ code: "PATH_INVALID" });
    }
  });

  it("follows links inside and refuses those that lead out, in any part of the name", async () => {
    const { root, outside } = await rooms();
    await symlink("inner", join(root, "good"));
    await symlink(outside, join(root, "bad"));
    await symlink(join(outside, "file"), join(root, "bad-file"));
    await symlink("bad", join(root, "second"));
    expect(await confinePath(root, "good/x")).toBe(join(root, "inner/x"));
    for (const name of ["bad", "bad/file", "bad/new", "bad-file", "second/new/deep"]) {
      await expect(confinePath(root, name), name).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOT" });
    }
  });

  it("refuses dangling links: a later write would follow them", async () => {
    const { root, outside } = await rooms();
    await symlink(join(outside, "not-yet"), join(root, "dangling"));
    await symlink("missing-inside", join(root, "dangling-inside"));
    for (const name of ["dangling", "dangling/x", "dangling-inside"]) {
      await expect(confinePath(root, name), name).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOT" });
    }
  });

  it("works when the folder itself is reached through a link", async () => {
    const { root } = await rooms();
    await symlink(root, `${root}-link`);
    expect(await confinePath(`${root}-link`, "inner")).toBe(join(root, "inner"));
  });

  it("refuses with a typed error what no file system holds: loops, files as folders, names without end", async () => {
    const { root } = await rooms();
    await writeFile(join(root, "plain"), "x");
    await symlink("loop", join(root, "loop"));
    for (const name of ["loop", "loop/x", "plain/below", "n".repeat(5_000)]) {
      await expect(confinePath(root, name), name.slice(0, 20)).rejects.toMatchObject({
        code: expect.stringMatching(/^PATH_/),
      });
    }
  });

  it("never gives a path outside, whatever the name", async () => {
    const { root, outside } = await rooms();
    await symlink(outside, join(root, "bad"));
    const part = fc.constantFrom(
      "..",
      ".",
      "inner",
      "bad",
      "new",
      "",
      "...",
      "~",
      "%2e%2e",
      "a\\b",
      "\u202e",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 7 }), async (parts) => {
        try {
          expect(isInside(root, await confinePath(root, parts.join("/")))).toBe(true);
        } catch (error) {
          if (!isSluiceError(error)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
