import { mkdir, realpath } from "node:fs/promises";
import { isInside, SluiceError } from "sluice/plugin-sdk/foundation";
import type { Database } from "sluice/plugin-sdk/store";
import type { TenantConfig } from "../config.ts";
import type { LedgerProcedures } from "../ledger/procedures.ts";
import type { PendingBatch } from "../ledger/records.ts";
import type { BlockIds } from "../render/block-id.ts";
import { renderFileHeader } from "../render/file-header.ts";
import type { VaultTarget } from "./append.ts";
import type { VaultFileSystem } from "./file-system.ts";
import { VaultLane } from "./lane.ts";
import { recoverFile } from "./recover.ts";

/** Lanes kept beyond those at work; a lane costs a few hundred bytes. */
const MAX_IDLE_LANES = 256;

export interface VaultsParts {
  fileSystem: VaultFileSystem;
  ledger: Database<LedgerProcedures>;
  blockIds: BlockIds;
  tenants: ReadonlyMap<string, TenantConfig>;
  keepText: boolean;
}

/** Every tenant's vault: one lane per file, and recovery of what the ledger owes them. */
export class Vaults {
  readonly #parts: VaultsParts;
  readonly #roots: ReadonlyMap<string, string>;
  readonly #lanes = new Map<string, VaultLane>();

  private constructor(parts: VaultsParts, roots: ReadonlyMap<string, string>) {
    this.#parts = parts;
    this.#roots = roots;
  }

  /** Makes the vault folders where they are missing and checks that they are apart, links resolved. */
  static async open(parts: VaultsParts): Promise<Vaults> {
    const roots = new Map<string, string>();
    for (const { id, vault } of parts.tenants.values()) {
      await mkdir(vault, { recursive: true, mode: 0o700 });
      const root = await realpath(vault);
      for (const [other, taken] of roots)
        if (isInside(taken, root) || isInside(root, taken))
          throw new SluiceError(
            "CAPTURE_CONFIG_INVALID",
            `the vaults of tenants "${other}" and "${id}" share a folder; give each its own`,
          );
      roots.set(id, root);
    }
    return new Vaults(parts, roots);
  }

  root(tenant: string): string | undefined {
    return this.#roots.get(tenant);
  }

  lane(tenant: string, file: string): VaultLane {
    const name = `${tenant}/${file}`;
    const known = this.#lanes.get(name);
    if (known) return known;
    const target = this.#target(tenant, file);
    const lane = new VaultLane(this.#parts.fileSystem, target, (seqs) => this.#recover(target, tenant, seqs));
    if (this.#lanes.size >= MAX_IDLE_LANES)
      for (const [key, old] of this.#lanes) if (old.idle) this.#lanes.delete(key);
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Recovers everything the ledger owes the vaults: at start, before the first request. */
  async recoverAll(): Promise<{ batches: number; failures: { file: string; error: unknown }[] }> {
    const failures: { file: string; error: unknown }[] = [];
    let batches = 0;
    let after = 0;
    for (;;) {
      const pending = await this.#parts.ledger.call.batches.pending({ after });
      const last = pending.at(-1);
      if (!last) return { batches, failures };
      after = last.seq;
      for (const group of byFile(pending)) {
        const [{ tenant, file }] = group as [PendingBatch];
        if (!this.#roots.has(tenant)) {
          failures.push({
            file: `${tenant}/${file}`,
            error: new Error(`tenant "${tenant}" is not configured`),
          });
          continue;
        }
        const lane = this.lane(tenant, file);
        try {
          await this.#makeWhole(lane.target, group);
          batches += group.length;
        } catch (error) {
          for (const { seq } of group) lane.markDirty(seq);
          failures.push({ file: `${tenant}/${file}`, error });
        }
      }
    }
  }

  /** Tries again what could not be recovered before, of one tenant or of all. */
  async repairAll(tenant?: string): Promise<void> {
    for (const [name, lane] of [...this.#lanes])
      if (lane.dirty && (tenant === undefined || name.startsWith(`${tenant}/`))) await lane.repair();
  }

  get dirtyFiles(): string[] {
    return [...this.#lanes].filter(([, lane]) => lane.dirty).map(([name]) => name);
  }

  async #recover(target: VaultTarget, tenant: string, seqs: readonly number[]): Promise<void> {
    const wanted = new Set(seqs);
    let after = Math.min(...seqs) - 1;
    const last = Math.max(...seqs);
    while (after < last) {
      const pending = await this.#parts.ledger.call.batches.pending({ tenant, file: target.file, after });
      if (pending.length === 0) return;
      after = (pending.at(-1) as PendingBatch).seq;
      const own = pending.filter((batch) => wanted.has(batch.seq));
      if (own.length > 0) await this.#makeWhole(target, own);
    }
  }

  async #makeWhole(target: VaultTarget, batches: readonly PendingBatch[]): Promise<void> {
    await recoverFile(this.#parts.fileSystem, target, batches, this.#parts.blockIds);
    const seqs = batches.map((batch) => batch.seq);
    await this.#parts.ledger.call.batches.settle({ seqs, keep: this.#parts.keepText });
  }

  #target(tenant: string, file: string): VaultTarget {
    const root = this.#roots.get(tenant) as string;
    const [folder = "", name = ""] = file.split("/");
    const zone = this.#parts.tenants.get(tenant)?.zone.name ?? "UTC";
    return { root, file, header: renderFileHeader(folder, name.slice(0, 10), zone) };
  }
}

function byFile(batches: readonly PendingBatch[]): PendingBatch[][] {
  const groups = new Map<string, PendingBatch[]>();
  for (const batch of batches) {
    const name = `${batch.tenant}/${batch.file}`;
    const group = groups.get(name);
    if (group) group.push(batch);
    else groups.set(name, [batch]);
  }
  return [...groups.values()];
}
