import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules"));
}

describe("the core", () => {
  const linesNaming = (names: RegExp, outside: string) =>
    filesBelow("src")
      .map((path) => path.slice(root.length + 1))
      .filter((path) => !path.startsWith(outside))
      .flatMap((path) =>
        read(path)
          .split("\n")
          .flatMap((line, index) => (names.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );

  it("names no chat platform but where the SDK's published words do", () => {
    expect(linesNaming(/telegram|discord|whatsapp|slack|mattermost/i, "src/plugin-sdk/")).toEqual([]);
  });

  it("names no model vendor but where the SDK's published words do", () => {
    // The keys of a replay policy and the dialects of command lines are the contract's.
    const vendors = /(?<!validate)(anthropic|mistral|gemini)(?!-stream-json)/i;
    expect(linesNaming(vendors, "src/plugin-sdk/")).toEqual([]);
  });

  it("opens every room with a page for newcomers", () => {
    const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const room of rooms)
      expect(existsSync(join(root, "src", room.name, "README.md")), room.name).toBe(true);
  });
});

describe("the packages", () => {
  const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<
      string,
      { version?: string; dependencies?: object; hasInstallScript?: boolean; link?: boolean }
    >;
  };

  it("are all in the lockfile at the version that is asked for", () => {
    for (const [name, wanted] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      const version = wanted.startsWith("npm:") ? wanted.slice(wanted.lastIndexOf("@") + 1) : wanted;
      expect(version, `${name} must be pinned`).toMatch(/^\d+\.\d+\.\d+/);
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it("hold those of every extension and of the page", () => {
    for (const folder of [...readdirSync(join(root, "extensions")).map((id) => `extensions/${id}`), "ui"]) {
      const own = JSON.parse(read(`${folder}/package.json`)) as { dependencies?: Record<string, string> };
      expect(lock.packages[folder]?.dependencies ?? {}, folder).toEqual(own.dependencies ?? {});
    }
  });

  it("run an install script only where that was decided", () => {
    const scripted = Object.entries(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    for (const name of new Set(scripted)) expect(Object.keys(manifest.allowScripts), name).toContain(name);
    expect(read(".npmrc")).toContain("strict-allow-scripts=true");
  });

  it("are named without addresses, so that every mirror serves them", () => {
    const addressed = Object.entries(
      lock.packages as Record<string, { resolved?: string; link?: boolean }>,
    ).filter(([, entry]) => entry.resolved && !entry.link);
    expect(addressed.map(([path]) => path)).toEqual([]);
  });
});

describe("what the documents promise", () => {
  const pages = [
    ...readdirSync(root).filter((name) => name.endsWith(".md")),
    ...readdirSync(join(root, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];

  it.each(pages)("%s uses only npm scripts that exist", (page) => {
    const used = [...read(page).matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g)].map(
      (match) => match[1] ?? "",
    );
    for (const name of used)
      expect(Object.keys(manifest.scripts), `${page}: npm run ${name}`).toContain(name);
  });

  it.each(pages)("%s links to files that exist", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1] ?? "",
    );
    for (const link of links)
      expect(existsSync(resolve(root, page, "..", link)), `${page} → ${link}`).toBe(true);
  });

  it("keeps its two commands and the command itself", () => {
    for (const name of ["start", "test", "prestart", "pretest", "bench", "features", "dev", "docs"])
      expect(manifest.scripts[name], name).toBeDefined();
    expect(existsSync(join(root, manifest.bin["sluice"] ?? ""))).toBe(true);
    expect(read(".ci/run")).toMatch(/^npm test$/m);
  });

  it("starts from a clone: the bootstrap imports nothing that must be installed first", () => {
    const files = [
      "scripts/bootstrap.mjs",
      "scripts/support/freshness.mjs",
      "scripts/support/run.mjs",
      "scripts/support/sqlite.mjs",
    ];
    for (const file of files) {
      const imports = [...read(file).matchAll(/from "([^"]+)"/g)].map((match) => match[1] ?? "");
      for (const name of imports) expect(name, file).toMatch(/^(node:|\.)/);
    }
  });
});

describe("the repository", () => {
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter(Boolean);

  it("holds no built files, databases or secrets", () => {
    const offending = tracked.filter((path) =>
      /(^|\/)(dist|node_modules)\/|\.(sqlite|db|pem|key)$|(^|\/)\.env/.test(path),
    );
    expect(offending).toEqual([]);
  });
});
