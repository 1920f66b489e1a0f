import { SluiceError } from "../../kernel/errors.ts";
import { applyChanges, type ConfigChange, changesBetween, isPrefix } from "./changes.ts";
import { editConfigText } from "./edit-text.ts";
import { type ConfigRecord, parseConfigText } from "./parse-text.ts";
import { type ConfigSource, type IncludeMount, sourceHash } from "./source.ts";
import type { ConfigErrorCode } from "./types.ts";

/** Smaller configurations may lose more than half of themselves in one write. */
export const SHRINK_GUARD_BYTES = 1_024;

/** One file to replace, and what the whole will hash to then. */
export interface WritePlan {
  file: string;
  text: string;
  hash: string;
  /** Text of the root after the write. */
  rootText: string;
  changes: readonly ConfigChange[];
}

/**
 * Decides which file a change goes to. Changes below one single-file include go there; anything that would
 * flatten or mix files is refused.
 *
 * @throws SluiceError `CONFIG_INVALID`
 */
export async function planWrite(
  path: string,
  source: ConfigSource,
  base: ConfigRecord,
  next: ConfigRecord,
): Promise<WritePlan> {
  const changes = changesBetween(base, next);
  if (!source.raw || !source.effective) {
    const { text } = await editConfigText("", next);
    return { file: path, text, hash: sourceHash(text, []), rootText: text, changes };
  }
  const mount = ownerOf(changes, source.mounts);
  if (!mount) {
    const { text } = await editConfigText(source.text, applyChanges(source.raw, changes));
    return { file: path, text, hash: sourceHash(text, source.includes), rootText: text, changes };
  }
  const file = mount.file as string;
  const include = source.includes.find((candidate) => candidate.path === file) as { text: string };
  const below = changes.map((change) => ({ ...change, path: change.path.slice(mount.path.length) }));
  const { text } = await editConfigText(
    include.text,
    applyChanges(parseConfigText(include.text, file), below),
  );
  const includes = source.includes.map((one) => (one.path === file ? { path: file, text } : one));
  return { file, text, hash: sourceHash(source.text, includes), rootText: source.text, changes };
}

/** @throws SluiceError `CONFIG_INVALID` when most of a configuration would disappear */
export function guardAgainstLoss(base: ConfigRecord, next: ConfigRecord): void {
  const before = JSON.stringify(base).length;
  const after = JSON.stringify(next).length;
  if (before < SHRINK_GUARD_BYTES || after * 2 >= before) return;
  throw refused(`this write would drop more than half of the configuration (${before} to ${after} bytes)`, {
    before,
    after,
    hint: "repeat it with allowShrink when that is meant",
  });
}

/** The include every change lies in; `undefined` when every change lies in the root. */
function ownerOf(
  changes: readonly ConfigChange[],
  mounts: readonly IncludeMount[],
): IncludeMount | undefined {
  const owners = new Set<IncludeMount | undefined>();
  for (const change of changes) {
    const covered = mounts.find((mount) => isPrefix(change.path, mount.path));
    if (covered)
      throw refused(`"${change.path.join(".")}" comes from an included file; edit the files by hand`);
    const inside = mounts.filter((mount) => isPrefix(mount.path, change.path));
    const owner = inside.sort((a, b) => b.path.length - a.path.length)[0];
    if (owner && owner.file === undefined) {
      throw refused(`"${change.path.join(".")}" is put together from several files; edit them by hand`);
    }
    owners.add(owner);
  }
  if (owners.size > 1) throw refused("the changes lie in several files; write them one by one");
  return [...owners][0];
}

function refused(message: string, details?: object): SluiceError<ConfigErrorCode> {
  return new SluiceError("CONFIG_INVALID", message, { details });
}
