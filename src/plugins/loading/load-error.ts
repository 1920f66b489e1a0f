import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { sdkSubpath } from "./sdk-specifier.ts";

export type LoadErrorCode = "PLUGIN_LOAD_FAILED" | "PLUGIN_SDK_INCOMPATIBLE";

/** How native packages say that the file their install script builds or fetches is not there. */
const NOT_BUILT =
  /Could not locate the bindings file|No native build was found|NODE_MODULE_VERSION|\.node'$|Cannot find module '[^']*-(?:linux|darwin|win32)-/m;

const MISSING_EXPORT = /requested module '([^']+)' does not provide an export named '([^']+)'/;

/** What was thrown while `entry` was loaded, with what to do about it. */
export function asLoadError(error: unknown, entry: string): SluiceError<LoadErrorCode> {
  const message = errorMessage(error);
  const code = (error as { code?: unknown } | null)?.code;
  const missing = MISSING_EXPORT.exec(message);
  const missingSubpath = missing ? sdkSubpath(missing[1] as string) : undefined;
  const seam = missing && missingSubpath ? `${missingSubpath}#${missing[2]}` : undefined;
  if (code === "SDK_SEAM_MISSING" || seam || /no SDK subpath/.test(message)) {
    return new SluiceError(
      "PLUGIN_SDK_INCOMPATIBLE",
      seam
        ? `this host's SDK has no "${seam}"; update the plugin or Sluice`
        : `${message}; update the plugin or Sluice`,
      { cause: error, details: { entry, seam: seam ?? (error as { seam?: string }).seam } },
    );
  }
  if (code === "ERR_UNKNOWN_BUILTIN_MODULE" || missing?.[1]?.startsWith("node:")) {
    const what = missing ? `"${missing[2]}" of ${missing[1]}` : message;
    return new SluiceError(
      "PLUGIN_LOAD_FAILED",
      `loading ${entry} failed: it needs ${what}, which Node ${process.version} lacks; run the gateway on a newer Node`,
      { cause: error, details: { entry } },
    );
  }
  const unbuilt = unbuiltHint(error);
  if (unbuilt) {
    return new SluiceError("PLUGIN_LOAD_FAILED", `loading ${entry} failed: ${unbuilt}`, {
      cause: error,
      details: { entry },
    });
  }
  const hint =
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"
      ? "; its packages are not installed: run npm install in its folder, or sluice plugins update when it came from npm"
      : "";
  return new SluiceError("PLUGIN_LOAD_FAILED", `loading ${entry} failed: ${message}${hint}`, {
    cause: error,
    details: { entry },
  });
}

/** What to do about native code that no install script has made, when that is what went wrong. */
export function unbuiltHint(error: unknown): string | undefined {
  const message = errorMessage(error);
  if (!NOT_BUILT.test(message)) return undefined;
  // What follows are the many places where somebody looked for it.
  const said = (message.split("\n")[0] as string).replace(/\.?\s*Tried:$/, "");
  return `${said}; a package of it needs native code for Node ${process.version}, and install scripts never run here; run npm rebuild in the folder where the plugin is installed, then sluice plugins reload`;
}

/** A file Node cannot even parse has not run. */
export function isUnparsable(error: unknown): boolean {
  if (!(error instanceof SyntaxError)) return false;
  if (/does not provide an export named/.test(error.message)) return false;
  return /import\.meta|Cannot use import statement|Unexpected token|Unexpected strict mode|outside a module/.test(
    error.message,
  );
}

/**
 * Bundlers leave `require()` in what they write as an ES module, and a function that refuses where there is
 * none. Such a bundle stops at its first use, before it has done anything.
 */
export function lacksRequire(error: unknown): boolean {
  return error instanceof Error && /^Dynamic require of "[^"]*" is not supported$/.test(error.message);
}
