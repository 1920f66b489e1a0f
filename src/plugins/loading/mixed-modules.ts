import * as nodeModule from "node:module";
import { Script } from "node:vm";

const INSTALLED = Symbol.for("sluice.mixed-modules");
const MARKS_OF_COMMONJS = /\b(?:exports|module\.exports|require)\b/;
const IMPORT_META = /\bimport\.meta\b/g;
const META_OF_COMMONJS =
  '({url:require("node:url").pathToFileURL(__filename).href,filename:__filename,dirname:__dirname})';

type Compile = (this: unknown, content: string, filename: string, ...rest: unknown[]) => unknown;

/**
 * Lets CommonJS files use `import.meta`. Some published packages were built that way; a bundler or a
 * transforming loader takes them, Node alone does not. Only files that no module style accepts as they are
 * get changed, before any of their code runs. Belongs to the process, like Node's own module loader.
 */
export function acceptMixedModules(): void {
  const slots = globalThis as { [INSTALLED]?: boolean };
  if (slots[INSTALLED]) return;
  slots[INSTALLED] = true;
  const internals = (nodeModule as unknown as { default?: { prototype?: { _compile?: Compile } } }).default;
  const prototype = internals?.prototype;
  const original = prototype?._compile;
  if (!prototype || !original) return;
  prototype._compile = function compile(content, filename, ...rest) {
    const text = typeof content === "string" ? (withoutImportMeta(content) ?? content) : content;
    return Reflect.apply(original, this, [text, filename, ...rest]);
  };
}

/** The text as plain CommonJS, or `undefined` where it is no mixed module. */
export function withoutImportMeta(text: string): string | undefined {
  if (!text.includes("import.meta") || !MARKS_OF_COMMONJS.test(text)) return undefined;
  if (parsesAsCommonJs(text)) return undefined;
  const changed = text.replace(IMPORT_META, META_OF_COMMONJS);
  return parsesAsCommonJs(changed) ? changed : undefined;
}

function parsesAsCommonJs(text: string): boolean {
  try {
    new Script(
      `(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!.*/, "")}\n})`,
    );
    return true;
  } catch {
    return false;
  }
}
