import { access, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kernel/clock.ts";
import { NpmClient } from "../../../src/plugins/install/index.ts";
import { stagePackage } from "../../../src/plugins/install/stage.ts";
import { assertSize, LARGEST_PACKAGE, type PackageSize } from "../../../src/plugins/install/tree.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { installBench } from "./support/install-bench.ts";
import { pluginFolder } from "./support/packages.ts";
import { rawTarball } from "./support/raw-tarball.ts";

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe("a hostile tarball", () => {
  it("[F259] writes nothing outside its folder and leaves plain files only, whatever its entries say", async () => {
    const outside = await temporaryFolder("sluice-outside-");
    const up = "../".repeat(30);
    const tarball = await rawTarball([
      { name: `package/${up}${outside.slice(1)}/by-dots`, text: "x" },
      { name: `${outside}/by-absolute-name`, text: "x" },
      { name: "package/way", type: "2", linkname: outside },
      { name: "package/way/through-a-link", text: "x" },
      { name: "package/password", type: "2", linkname: "/etc/passwd" },
      { name: "package/second-name", type: "1", linkname: "/etc/passwd" },
      { name: "package/second-name-by-dots", type: "1", linkname: `${up}etc/passwd` },
      { name: "package/pipe", type: "6" },
      { name: "package/device", type: "3" },
      { name: "package/as-root", text: "x", mode: 0o6777 },
      { name: "package/.npmrc", text: "ignore-scripts=false\nregistry=http://127.0.0.1:9/\n" },
      { name: "package/binding.gyp", text: "{}" },
    ]);
    const bench = await installBench();
    await bench.install(tarball);
    expect(await readdir(outside)).toEqual([]);
    const packages = join(bench.stateDir, "plugins", "packages");
    const plugin = join(packages, (await readdir(packages))[0] as string, "node_modules", "plugin-hostile");
    for (const name of await readdir(plugin, { recursive: true })) {
      const stats = await lstat(join(plugin, name));
      expect(stats.isFile() || stats.isDirectory(), name).toBe(true);
      expect(stats.nlink === 1 || stats.isDirectory(), name).toBe(true);
      expect(stats.mode & 0o6022, name).toBe(0);
    }
  });

  it("is refused before it is unpacked when it holds more than a package may", async () => {
    const tarball = await rawTarball([{ name: "package/zeros", text: "0".repeat(10_000) }]);
    const staged = async (largest: PackageSize) => {
      const staging = join(await temporaryFolder("sluice-staging-"), "new");
      const npm = new NpmClient({ env: process.env, clock: systemClock });
      const options = { npm, largest, isInstalled: async () => false };
      const work = stagePackage({ kind: "archive", path: tarball }, staging, options);
      return { work, unpacked: () => exists(join(staging, "node_modules")) };
    };
    for (const largest of [
      { files: 3, bytes: 100_000 },
      { files: 4, bytes: 10_000 },
    ]) {
      const { work, unpacked } = await staged(largest);
      await expect(work).rejects.toMatchObject({ code: "PACKAGE_TOO_LARGE" });
      expect(await unpacked()).toBe(false);
    }
    expect(await (await staged({ files: 4, bytes: 100_000 })).work).toMatchObject({
      inside: expect.anything(),
    });
    expect(() => assertSize(LARGEST_PACKAGE)).not.toThrow();
    expect(() => assertSize({ ...LARGEST_PACKAGE, bytes: LARGEST_PACKAGE.bytes + 1 })).toThrow("1000 MB");
    expect(() => assertSize({ ...LARGEST_PACKAGE, files: LARGEST_PACKAGE.files + 1 })).toThrow("60000 files");
  });

  it.each(["../../hostile", "-g", "__proto__"])("is refused under the name %j", async (name) => {
    const bench = await installBench();
    await expect(bench.install(await rawTarball([], { name }))).rejects.toMatchObject({
      code: expect.stringMatching(/^(PACKAGE_UNAVAILABLE|NOT_A_PLUGIN)$/),
    });
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
  });

  it("can not bring a folder of this machine as a dependency", async () => {
    const folder = await pluginFolder({ id: "mine" });
    const bench = await installBench();
    const tarball = await rawTarball([], { dependencies: { mine: `file:${folder}` } });
    await expect(bench.install(tarball)).rejects.toMatchObject({ code: "PACKAGE_UNSAFE" });
    await access(join(folder, "index.js"));
  });
});
