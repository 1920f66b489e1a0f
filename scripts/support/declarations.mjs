// Reads declarations out of the contract's sources as text, for the pages that show them.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const SPEC_REFERENCE = /\s*\((?:[\w-]+ )?spec [^)]*\)/g;
/** The object whose members are registrations; most are in the parts it inherits. */
const API = "PluginApi";

export class Declarations {
  #source;

  constructor(source) {
    this.#source = source;
  }

  /** All `.ts` files below `folder`. */
  static async read(folder) {
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts")).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    return new Declarations(texts.join("\n"));
  }

  /** A member of the api object with its comment, out of the interface that declares it. */
  member(name) {
    for (const block of this.typesOf(API)) {
      const lines = block.split("\n");
      const at = lines.findIndex((line) => new RegExp(`^ {2}${name}[<(]`).test(line));
      if (at < 0) continue;
      let end = at;
      while (!/;$/.test(lines[end]) || depthOf(lines.slice(at, end + 1).join("\n")) > 0) end++;
      let start = at;
      if (/\*\/$/.test(lines[at - 1])) while (!/^\s*\/\*\*/.test(lines[--start]));
      const text = lines.slice(start, end + 1).map((line) => line.replace(/^ {2}/, ""));
      return { text: text.join("\n"), signature: lines.slice(at, end + 1).join("\n") };
    }
    throw new Error(`the contract declares no ${name}; every kind needs a method`);
  }

  /** What a typed hook gives its handlers and takes from them: `HookShape<Event, Context, Result>`. */
  hook(name) {
    const lines = this.#source.split("\n");
    const at = lines.findIndex((line) => line.startsWith(`  ${name}: HookShape<`));
    if (at < 0) throw new Error(`the contract declares no hook ${name}`);
    let end = at;
    while (depthOf(lines.slice(at, end + 1).join("\n")) > 0) end++;
    const text = lines.slice(at, end + 1).map((line) => line.replace(/^ {2}/, ""));
    return text.join("\n").replaceAll(SPEC_REFERENCE, "");
  }

  /** The declarations of the contract's own types that a signature names, and of what they extend. */
  typesOf(signature) {
    const names = [...new Set(signature.match(/\b[A-Z]\w+/g) ?? [])];
    const texts = new Map();
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const text = texts.has(name) ? undefined : this.#block(name);
      if (text === undefined) continue;
      texts.set(name, text);
      const [, heritage = ""] = /^export interface [^{]*?\bextends ([^{]*)\{/m.exec(text) ?? [];
      names.unshift(...(heritage.match(/\b[A-Z]\w+/g) ?? []));
    }
    return [...texts.values()];
  }

  /** `export interface Name …` or `export type Name …`, with its comment. */
  #block(name) {
    const found = new RegExp(`^export (?:interface|type) ${name}\\b`, "m").exec(this.#source);
    if (!found) return undefined;
    const rest = this.#source.slice(found.index);
    const isInterface = rest.startsWith("export interface");
    let end = 0;
    for (const line of rest.split("\n")) {
      end += line.length + 1;
      const text = rest.slice(0, end - 1);
      if (
        depthOf(text) === 0 &&
        (isInterface ? line === "}" || (/\{\}?$/.test(line) && line.endsWith("}")) : line.endsWith(";"))
      )
        break;
    }
    const comment = /(?:^|\n)(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n$/.exec(
      this.#source.slice(0, found.index),
    )?.[1];
    return [...(comment ? [comment] : []), rest.slice(0, end - 1)].join("\n").replaceAll(SPEC_REFERENCE, "");
  }
}

/** Brackets that are open at the end of a text. */
function depthOf(text) {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"|`[^`]*`|=>/g, "");
  return (code.match(/[({[<]/g)?.length ?? 0) - (code.match(/[)}\]>]/g)?.length ?? 0);
}
