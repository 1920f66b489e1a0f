import { realpath, stat } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { MessageToolDescription } from "../../contracts/channel.ts";
import { isInside } from "../../kernel/confine-path.ts";
import { SluiceError } from "../../kernel/errors.ts";

/** Which parameters of an action name media. A list counts for every action, a map for its own only. */
export function mediaParameters(
  declared: MessageToolDescription["mediaSourceParams"],
  action: string,
): readonly string[] {
  if (Array.isArray(declared)) return declared;
  const own = declared && Object.hasOwn(declared, action) ? declared[action] : undefined;
  return Array.isArray(own) ? own : [];
}

/**
 * The parameters with every local media source as an absolute path inside one of `roots`; relative ones start
 * at the first root. Addresses of the web and `data:` stay as they are.
 *
 * @throws SluiceError `FORBIDDEN` for a file anywhere else, or one that is not there
 */
export async function confineMediaSources(
  params: Readonly<Record<string, unknown>>,
  names: readonly string[],
  roots: readonly string[],
): Promise<Record<string, unknown>> {
  const confined = { ...params };
  for (const name of names) {
    const value = params[name];
    if (typeof value === "string") confined[name] = await confineMediaSource(value, roots);
    else if (Array.isArray(value)) {
      confined[name] = await Promise.all(
        value.map((item) => (typeof item === "string" ? confineMediaSource(item, roots) : item)),
      );
    }
  }
  return confined;
}

/**
 * One media source as in {@link confineMediaSources}.
 *
 * @throws SluiceError `FORBIDDEN` for a file outside of `roots`, or one that is not there
 */
export async function confineMediaSource(source: string, roots: readonly string[]): Promise<string> {
  const trimmed = source.trim();
  if (trimmed === "" || /^(https?|data):/i.test(trimmed)) return trimmed;
  const real = await realFile(trimmed, roots[0] ?? "/");
  const folders = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  if (real !== undefined && folders.some((folder) => folder !== undefined && isInside(folder, real))) {
    return real;
  }
  throw new SluiceError(
    "FORBIDDEN",
    `${source} is not a file of the workspace or the media store; put it there or give a web address`,
  );
}

/** `undefined` for what is no plain file: reading a pipe or a device would never end. */
async function realFile(source: string, base: string): Promise<string | undefined> {
  try {
    const path = /^file:/i.test(source) ? fileURLToPath(source) : source;
    const real = await realpath(isAbsolute(path) ? path : resolve(base, path));
    return (await stat(real)).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
