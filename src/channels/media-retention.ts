import { opendir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Store } from "../store/index.ts";

/** How long a file that a platform sent is kept (spec 1.19). */
export const MEDIA_LIFETIME_MS = 86_400_000;
/** Files one sweep deletes at most; the next goes on. */
export const MAX_FILES_PER_SWEEP = 10_000;

/** Only what the media store wrote itself: `<uuid>---<name>`. */
const STORED = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})---/;

/**
 * Deletes received files that are old enough, except those that an open message, turn or answer names.
 *
 * @param folder `<state>/media`; its folders are looked into
 * @param now milliseconds of the wall clock, as files are dated
 */
export async function sweepMedia(store: Store, folder: string, now: number): Promise<{ deleted: number }> {
  const old = await oldFiles(folder, now - MEDIA_LIFETIME_MS);
  if (old.length === 0) return { deleted: 0 };
  const held = await heldFiles(store);
  let deleted = 0;
  for (const { id, path } of old) {
    if (held.has(id)) continue;
    await rm(path, { force: true });
    deleted += 1;
  }
  return { deleted };
}

async function oldFiles(folder: string, before: number): Promise<{ id: string; path: string }[]> {
  const old: { id: string; path: string }[] = [];
  for await (const group of entriesOf(folder)) {
    if (!group.isDirectory()) continue;
    const place = join(folder, group.name);
    for await (const file of entriesOf(place)) {
      const id = STORED.exec(file.name)?.[1];
      if (!file.isFile() || id === undefined) continue;
      const path = join(place, file.name);
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < before) old.push({ id, path });
      if (old.length >= MAX_FILES_PER_SWEEP) return old;
    }
  }
  return old;
}

async function* entriesOf(folder: string) {
  const opened = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (opened) yield* opened;
}

async function heldFiles(store: Store): Promise<Set<string>> {
  const held = new Set<string>();
  for (const ledger of ["inbox", "turns", "outbox"] as const) {
    for (let afterOrdinal = 0; ; ) {
      const page = await store.call.mediaUse.named({ ledger, afterOrdinal });
      for (const id of page.ids) held.add(id);
      if (!page.more) break;
      afterOrdinal = page.lastOrdinal;
    }
  }
  return held;
}
