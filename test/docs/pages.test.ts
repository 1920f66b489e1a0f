import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { pages, root } from "./support.ts";

const LINK = /(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g;
const BLOCK = /^```[^\n]*\n([\s\S]*?)^```/gm;

/** Anchors as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replaceAll(BLOCK, "").match(/^#+ .+$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Words of a command line, without comments; quotes hold words together. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|#.*|[^\s'"#]+/g) ?? [];
  const end = words.findIndex((word) => word.startsWith("#"));
  return end < 0 ? words : words.slice(0, end);
}

/** Commands that a plugin adds; its own tests know them. */
const OF_PLUGINS = /^sluice capture /;

/** Command lines of the page's blocks; a block may show two beside each other. */
function commandLines(text: string): string[] {
  return [...text.matchAll(BLOCK)].flatMap(([, block = ""]) =>
    block
      .split("\n")
      .map((line) => line.replace(/^\$ /, ""))
      .filter((line) => line.startsWith("sluice ") && !OF_PLUGINS.test(line))
      .flatMap((line) => line.split(/\s{2,}(?=sluice )/)),
  );
}

function program(): Command {
  const silent = { write: () => true };
  return createProgram({
    clock: systemClock,
    env: {},
    version: "0",
    stdout: silent,
    stderr: silent,
    signal: new AbortController().signal,
  });
}

/** What a command line names that the program does not have. */
function unknownIn(root: Command, line: string): string[] {
  let command = root;
  const missing: string[] = [];
  for (const word of wordsOf(line).slice(1)) {
    if (word.startsWith("-")) {
      const name = word.split("=")[0];
      if (!command.options.some(({ long, short }) => long === name || short === name)) missing.push(word);
      continue;
    }
    const child = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (child) command = child;
    else if (command.commands.length > 0 && missing.length === 0 && command.parent === null)
      missing.push(word);
    else if (
      command.commands.length > 0 &&
      command.parent?.parent === null &&
      command.registeredArguments.length === 0
    )
      missing.push(word);
  }
  return missing;
}

describe("the pages", () => {
  it("lead to pages and headings that are there", async () => {
    const all = await pages();
    const anchors = new Map(all.map(({ path, text }) => [path, anchorsOf(text)]));
    const broken: string[] = [];
    for (const { path, text } of all) {
      for (const [, target = ""] of text.matchAll(LINK)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = "", anchor] = target.split("#");
        const there = file === "" ? path : join(dirname(path), file);
        const exists = await access(join(root, there)).then(
          () => true,
          () => false,
        );
        if (!exists || (anchor && !anchors.get(there)?.has(anchor))) broken.push(`${path}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it("show no command and no option that sluice does not have", async () => {
    const wrong: string[] = [];
    let count = 0;
    const sluice = program();
    for (const { path, text } of await pages()) {
      for (const line of commandLines(text)) {
        count += 1;
        const missing = unknownIn(sluice, line);
        if (missing.length > 0) wrong.push(`${path}: ${line} (${missing.join(" ")})`);
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(20);
  });

  it("tell of every command", async () => {
    const cli = (await pages()).find(({ path }) => path === "docs/cli.md")?.text ?? "";
    const words = new Set(
      [...cli.matchAll(/^### `sluice ([^`]+)`/gm)].flatMap(([, line = ""]) => {
        const [group = "", ...rest] = line.split(" ");
        return rest
          .join(" ")
          .split(" | ")
          .map((one) => `${group} ${one.split(" ")[0] ?? ""}`.trim());
      }),
    );
    const silent = program()
      .commands.flatMap((command) =>
        command.commands.length === 0
          ? [command.name()]
          : command.commands.map((child) => `${command.name()} ${child.name()}`),
      )
      .filter((name) => !words.has(name) && !cli.includes(`\`${name}`) && !cli.includes(`sluice ${name}`));
    expect(silent).toEqual([]);
  });
});
