import { dirname, join } from "node:path";
import type { PendingBatch } from "../ledger/records.ts";
import { BLOCK_ID_LINE, type BlockIds } from "../render/block-id.ts";
import { appendToVault, openExisting, type VaultTarget, writeAll } from "./append.ts";
import type { VaultFileHandle, VaultFileSystem } from "./file-system.ts";

/** Shorter matches at the end of a file are taken for the user's own text, not for a torn entry. */
const LEAST_TORN_BYTES = 3;

/**
 * Brings one vault file to where it holds every entry of the given batches exactly once (spec 5.10). What is
 * there is decided by block ids, so edits elsewhere in the file do no harm; a torn tail of our own is cut off.
 */
export async function recoverFile(
  fileSystem: VaultFileSystem,
  target: VaultTarget,
  batches: readonly PendingBatch[],
  blockIds: BlockIds,
): Promise<void> {
  const path = join(target.root, target.file);
  const handle = await openExisting(fileSystem, path);
  const missing: Uint8Array[] = [];
  if (!handle) for (const batch of batches) missing.push(batch.bytes);
  else {
    try {
      for (const batch of batches)
        missing.push(...(await repair(fileSystem, path, handle, target, batch, blockIds)));
      await handle.datasync();
      await fileSystem.syncFolder(dirname(path));
    } finally {
      await handle.close().catch(() => {});
    }
  }
  if (missing.length > 0) await appendToVault(fileSystem, target, Buffer.concat(missing));
}

/** Returns the entries of a batch that still have to be appended. */
async function repair(
  fileSystem: VaultFileSystem,
  path: string,
  handle: VaultFileHandle,
  target: VaultTarget,
  batch: PendingBatch,
  blockIds: BlockIds,
): Promise<Uint8Array[]> {
  let content = await fileSystem.readFile(path);
  const whole = content.indexOf(batch.bytes);
  if (whole >= 0) {
    // After a failed sync the cache may hold what the disk does not: writing it again makes it due again.
    await writeAll(handle, batch.bytes, whole);
    return [];
  }
  const torn = tornAt(content, batch.bytes, target.header);
  if (torn !== undefined) {
    await handle.truncate(torn);
    content = content.subarray(0, torn);
  }
  const present = new Set<string>();
  for (const [, id] of content.toString("latin1").matchAll(BLOCK_ID_LINE)) present.add(id as string);
  const missing: Uint8Array[] = [];
  let entry = 0;
  for (let event = 0; event < batch.events; event++) {
    if (batch.stored[event] !== 1) continue;
    const start = entry === 0 ? 0 : (batch.ends[entry - 1] as number);
    const end = batch.ends[entry++] as number;
    if (!present.has(blockIds.of(batch.firstEntry + event))) missing.push(batch.bytes.subarray(start, end));
  }
  return missing;
}

/** Where a torn write of `bytes` (or of a new file's header) begins at the end of `content`. */
function tornAt(content: Buffer, bytes: Uint8Array, header: string): number | undefined {
  if (content.length > 0 && content.length < header.length && header.startsWith(content.toString())) return 0;
  const length = longestOverlap(content, bytes);
  return length >= LEAST_TORN_BYTES && length < bytes.length ? content.length - length : undefined;
}

/** Length of the longest end of `content` that is a beginning of `bytes`. */
function longestOverlap(content: Uint8Array, bytes: Uint8Array): number {
  const failure = new Uint32Array(bytes.length);
  for (let at = 1, matched = 0; at < bytes.length; at++) {
    while (matched > 0 && bytes[at] !== bytes[matched]) matched = failure[matched - 1] as number;
    if (bytes[at] === bytes[matched]) matched++;
    failure[at] = matched;
  }
  let matched = 0;
  for (let at = Math.max(0, content.length - bytes.length); at < content.length; at++) {
    if (matched === bytes.length) matched = failure[matched - 1] as number;
    while (matched > 0 && content[at] !== bytes[matched]) matched = failure[matched - 1] as number;
    if (content[at] === bytes[matched]) matched++;
  }
  return matched;
}
