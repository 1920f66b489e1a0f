import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "sluice/plugin-sdk/foundation";
import type { LedgerFile } from "./ledger/records.ts";
import { BLOCK_ID_LINE } from "./render/block-id.ts";
import { renderFileHeader } from "./render/file-header.ts";
import type { CaptureService } from "./service.ts";
import { appendToVault } from "./vault/append.ts";
import { nodeFileSystem } from "./vault/file-system.ts";

/** Differences listed by name; the counts are complete. */
const MAX_LISTED = 100;

export interface FileReport {
  file: string;
  /** Entries the ledger put there. */
  expected: number;
  present: number;
  /** Deleted or moved by the user, or lost. */
  missing: number;
  /** Entries that stand there more than once. */
  doubled: number;
}

export interface VerifyReport {
  tenant: string;
  files: number;
  expected: number;
  present: number;
  missing: number;
  doubled: number;
  /** Entries of the ledger still on their way. */
  pendingBatches: number;
  /** Files in which something differs, at most 100. */
  differences: FileReport[];
  /** True when the vault holds exactly what the ledger says. */
  ok: boolean;
}

/** Compares a tenant's vault with the ledger, entry by entry. Reads only. */
export async function verifyVault(service: CaptureService, tenant: string): Promise<VerifyReport> {
  const root = rootOf(service, tenant);
  await service.catchUp();
  const report: VerifyReport = {
    tenant,
    files: 0,
    expected: 0,
    present: 0,
    missing: 0,
    doubled: 0,
    pendingBatches: (await service.ledger.call.batches.counts({} as never)).pending,
    differences: [],
    ok: true,
  };
  for await (const file of ledgerFiles(service, tenant)) {
    const one = await verifyFile(service, root, file);
    report.files++;
    for (const name of ["expected", "present", "missing", "doubled"] as const) report[name] += one[name];
    if (one.missing + one.doubled > 0 && report.differences.length < MAX_LISTED) report.differences.push(one);
  }
  report.ok = report.missing + report.doubled === 0;
  return report;
}

async function verifyFile(service: CaptureService, root: string, file: LedgerFile): Promise<FileReport> {
  const content = await readFile(join(root, file.path), "latin1").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const found = new Map<string, number>();
  for (const [, id] of content.matchAll(BLOCK_ID_LINE))
    found.set(id as string, (found.get(id as string) ?? 0) + 1);
  const report: FileReport = { file: file.path, expected: 0, present: 0, missing: 0, doubled: 0 };
  for (let after = 0; ; ) {
    const batches = await service.ledger.call.ledger.fileBatches({ fileId: file.id, after });
    if (batches.length === 0) return report;
    for (const { seq, firstEntry, stored } of batches) {
      after = seq;
      for (let event = 0; event < stored.length; event++) {
        if (stored[event] !== 1) continue;
        const times = found.get(service.blockIds.of(firstEntry + event)) ?? 0;
        report.expected++;
        if (times === 0) report.missing++;
        else report.present++;
        if (times > 1) report.doubled++;
      }
    }
  }
}

export interface RebuildReport {
  tenant: string;
  target: string;
  files: number;
  entries: number;
  /** Entries whose text was not kept, because retention was off when they came. */
  unavailable: number;
}

/** Writes a tenant's vault anew from kept text, into an empty folder; the vault itself is not touched. */
export async function rebuildVault(
  service: CaptureService,
  tenant: string,
  target: string,
): Promise<RebuildReport> {
  rootOf(service, tenant);
  const names = await nodeFileSystem.readdir(target).catch((error: NodeJS.ErrnoException) => {
    throw new SluiceError(
      "REBUILD_TARGET",
      `the target folder cannot be read (${error.code}); create it first`,
    );
  });
  if (names.length > 0)
    throw new SluiceError("REBUILD_TARGET", "the target folder is not empty; choose an empty one");
  const report: RebuildReport = { tenant, target, files: 0, entries: 0, unavailable: 0 };
  const zone = service.config.tenants.get(tenant)?.zone.name ?? "UTC";
  for await (const file of ledgerFiles(service, tenant)) {
    const [folder = "", name = ""] = file.path.split("/");
    const header = renderFileHeader(folder, name.slice(0, 10), zone);
    let written = false;
    for (let after = 0; ; ) {
      const kept = await service.ledger.call.ledger.keptBytes({ fileId: file.id, after });
      if (kept.length === 0) break;
      const texts: Uint8Array[] = [];
      for (const { seq, entries, bytes } of kept) {
        after = seq;
        if (bytes === null) report.unavailable += entries;
        else {
          texts.push(bytes);
          report.entries += entries;
        }
      }
      if (texts.length === 0) continue;
      written = true;
      await appendToVault(nodeFileSystem, { root: target, file: file.path, header }, Buffer.concat(texts));
    }
    if (written) report.files++;
  }
  return report;
}

async function* ledgerFiles(service: CaptureService, tenant: string): AsyncGenerator<LedgerFile> {
  for (let after = 0; ; ) {
    const files = await service.ledger.call.ledger.files({ tenant, after });
    const last = files.at(-1);
    if (!last) return;
    yield* files;
    after = last.id;
  }
}

function rootOf(service: CaptureService, tenant: string): string {
  const root = service.vaults.root(tenant);
  if (root === undefined)
    throw new SluiceError(
      "TENANT_UNKNOWN",
      `there is no tenant "${tenant}"; there are: ${[...service.config.tenants.keys()].join(", ")}`,
    );
  return root;
}
