import { type Clock, SluiceError } from "sluice/plugin-sdk/foundation";
import type { Database } from "sluice/plugin-sdk/store";
import type { CaptureConfig, TenantConfig } from "./config.ts";
import { DedupeKeys, KEY_BYTES } from "./contract/dedupe-key.ts";
import { composeResponse, type IngestResponse, type ResponseParts } from "./contract/response.ts";
import type { CaptureBatch, RejectedEvent } from "./contract/validate.ts";
import { storedBytes } from "./ledger/accept.ts";
import type { LedgerProcedures } from "./ledger/procedures.ts";
import type { AcceptInput } from "./ledger/records.ts";
import type { BlockIds } from "./render/block-id.ts";
import { type EntryContext, renderEntry } from "./render/entry.ts";
import { vaultPath } from "./render/file-header.ts";
import { redactData } from "./render/redact.ts";
import type { Settling } from "./settling.ts";
import { wasUndone } from "./vault/lane.ts";
import type { Vaults } from "./vault/vaults.ts";

/** How often a batch is offered again while others write some of its events. */
const MAX_OFFERS = 20;
const OFFER_PAUSE_MS = 5;

export interface IngestRequest {
  batch: CaptureBatch;
  rejected: RejectedEvent[];
  lenient: boolean;
  receipts: boolean;
  keyId: string;
  tenant: TenantConfig;
  /** The plugin's manifest asks for the device in the dedupe key. */
  perDevice: boolean;
  idempotencyKey?: string;
}

export interface StoredBatch {
  tenant: string;
  folder: string;
  file: string;
  stored: number;
}

export interface IngestParts {
  ledger: Database<LedgerProcedures>;
  vaults: Vaults;
  settling: Settling;
  blockIds: BlockIds;
  nextEntry: number;
  clock: Clock;
  onStored(batch: StoredBatch): void;
}

/** Takes validated batches through the ledger into the vault: recorded, written, then acknowledged. */
export class Ingest {
  readonly #parts: IngestParts;
  #nextEntry: number;

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#nextEntry = parts.nextEntry;
  }

  /**
   * Resolves once every stored event is durable in the vault.
   *
   * @throws SluiceError of the vault or the store; nothing was acknowledged then, and sending again is safe
   */
  async store(request: IngestRequest, config: CaptureConfig): Promise<IngestResponse | string> {
    const { ledger, settling, clock } = this.#parts;
    const input = this.#prepare(request, config);
    for (let offer = 0; offer < MAX_OFFERS; offer++) {
      settling.flush();
      const answer = await ledger.call.batches.accept(input);
      if (answer.kind === "replay") {
        if (answer.pending === null) return answer.response;
        await this.#waitFor([answer.pending], input);
      } else if (answer.kind === "wait") await this.#waitFor(answer.seqs, input);
      else {
        const response = composeResponse(input.response, answer.stored);
        if (answer.seq !== null) await this.#write(answer.seq, answer.stored, response.stored, input);
        return response;
      }
      if (offer > 1) await clock.sleep(OFFER_PAUSE_MS);
    }
    throw new SluiceError("CAPTURE_BUSY", "other batches are writing the same events; send again", {
      retryable: true,
    });
  }

  #prepare(request: IngestRequest, config: CaptureConfig): AcceptInput {
    const { batch, tenant } = request;
    const { sourceType } = batch;
    const now = this.#parts.clock.now();
    const day = tenant.zone.at(config.fileDay === "receipt" ? now / 1_000 : batch.timestamp).date;
    const context: EntryContext = { ...batch, zone: tenant.zone, day };
    const parts = [tenant.id, sourceType.name, batch.pluginId];
    if (request.perDevice) parts.push(batch.deviceId);
    const dedupe = new DedupeKeys(parts);

    const count = batch.events.length;
    const firstEntry = this.#nextEntry;
    this.#nextEntry += count;
    const keys = new Uint8Array(count * KEY_BYTES);
    const ends = new Uint32Array(count);
    const blockIds: string[] = [];
    const texts: string[] = [];
    for (const [at, event] of batch.events.entries()) {
      if (event.rawRef !== undefined) dedupe.write(event.rawRef, keys, at * KEY_BYTES);
      const blockId = this.#parts.blockIds.of(firstEntry + at);
      if (request.receipts) blockIds.push(blockId);
      const data = redactData(event.data, sourceType.name, config.redact);
      const text = renderEntry(data === event.data ? event : { ...event, data }, context, blockId);
      texts.push(text);
    }
    const bytes = encode(texts, ends);
    const file = vaultPath(sourceType.folder, day);
    const response: ResponseParts = { file, indexes: batch.events.map((event) => event.index) };
    if (request.lenient) response.rejected = request.rejected;
    if (request.receipts) response.blockIds = blockIds;
    return {
      tenant: tenant.id,
      file,
      now,
      firstEntry,
      keys,
      ends,
      bytes,
      pluginId: batch.pluginId,
      pluginVersion: batch.pluginVersion,
      platform: batch.platform,
      sourceType: sourceType.name,
      deviceId: batch.deviceId,
      keyId: request.keyId,
      response,
      ...(request.idempotencyKey !== undefined ? { idempotencyKey: request.idempotencyKey } : {}),
    };
  }

  async #write(seq: number, stored: Uint8Array, entries: number, input: AcceptInput): Promise<void> {
    const { ledger, vaults, settling, onStored } = this.#parts;
    const lane = vaults.lane(input.tenant, input.file);
    const { bytes } = storedBytes(input, stored, entries);
    const release = settling.begin(seq);
    try {
      await lane.append(seq, bytes);
    } catch (error) {
      if (wasUndone(error))
        await ledger.call.batches.cancel({ seqs: [seq] }).catch(() => {
          // It stays owed to the vault: the ledger says so, and the next write to the file pays it.
          lane.markDirty(seq);
        });
      release();
      throw error;
    }
    settling.settle(seq);
    const folder = input.file.slice(0, input.file.indexOf("/"));
    onStored({ tenant: input.tenant, folder, file: input.file, stored: entries });
  }

  /** Until the given batches are settled, cancelled, or recovered. */
  async #waitFor(seqs: readonly number[], input: AcceptInput): Promise<void> {
    const { settling, vaults } = this.#parts;
    await Promise.all(seqs.map((seq) => settling.ended(seq)));
    const lane = vaults.lane(input.tenant, input.file);
    if (lane.dirty) await lane.repair();
    else await vaults.repairAll(input.tenant);
  }
}

/** All texts as one run of bytes, and where each ends. */
function encode(texts: readonly string[], ends: Uint32Array): Uint8Array {
  const joined = texts.join("");
  const bytes = Buffer.from(joined);
  const plain = bytes.length === joined.length;
  let length = 0;
  for (const [at, text] of texts.entries()) {
    length += plain ? text.length : Buffer.byteLength(text);
    ends[at] = length;
  }
  // A small buffer is a part of a shared one, all of which would be copied to the worker.
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
