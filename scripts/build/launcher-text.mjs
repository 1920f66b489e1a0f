import { createHash } from "node:crypto";

/**
 * The entry of a worker thread in `dist/workers` that has bin/sluice.cjs load the bundle beside it. Where the
 * folder was copied to without the launcher, the bundle is compiled the ordinary way.
 */
export function workerEntry(bundle) {
  return [
    `const bundle = require("node:path").join(__dirname, ${JSON.stringify(bundle)});`,
    "let load = require;",
    'try { ({ load } = require("../../bin/sluice.cjs")); } catch {}',
    "load(bundle);",
    "",
  ].join("\n");
}

/** A bundle as bin/sluice.cjs can start it with its compiled code cached. */
export function forLauncher(contents) {
  return Buffer.from(withBuildId(toAscii(redirectImports(contents.toString()))));
}

/**
 * Sends `import()` through a variable that bin/sluice.cjs provides: code taken from V8's code cache has
 * forgotten how to import. Without the launcher the variable falls back to `import()` itself.
 */
function redirectImports(text) {
  const redirected = text.replace(/(?<![.\w$])import\(/g, "__import(");
  return `var __import;__import||(__import=(id)=>import(id));${redirected}`;
}

/**
 * Writes what esbuild left beyond ASCII (it escapes strings, not regular expressions) as `\uXXXX`. The launcher
 * reads one byte a character, which is faster and takes half the memory.
 */
function toAscii(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII
  return text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Appends `//# build=<hash>`, by which the launcher knows whether its compiled code still fits. */
function withBuildId(text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return `${text}//# build=${hash}\n`;
}
