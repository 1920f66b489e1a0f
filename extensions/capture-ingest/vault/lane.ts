import { errorMessage, isSluiceError, SluiceError } from "sluice/plugin-sdk/foundation";
import { appendToVault, type VaultErrorCode, type VaultErrorDetails, type VaultTarget } from "./append.ts";
import type { VaultFileSystem } from "./file-system.ts";

/** Text one write may hold; what waits beyond it goes into the next. */
export const MAX_WRITE_BYTES = 8_388_608;

interface Waiting {
  /** Batch in the ledger; 0 for a turn that only repairs. */
  seq: number;
  bytes: Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The one writer of a vault file. Batches that arrive while a write is under way share the next one, with one
 * sync for all; they stay in order of acceptance.
 */
export class VaultLane {
  readonly #fileSystem: VaultFileSystem;
  readonly #recover: (seqs: number[]) => Promise<void>;
  readonly target: VaultTarget;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** Batches of which something may be in the file; nothing is written before they are made whole. */
  readonly #dirty = new Set<number>();

  /** `recover` makes the given batches whole in the file and settles them. */
  constructor(fileSystem: VaultFileSystem, target: VaultTarget, recover: (seqs: number[]) => Promise<void>) {
    this.#fileSystem = fileSystem;
    this.target = target;
    this.#recover = recover;
  }

  get idle(): boolean {
    return this.#running === undefined && this.#dirty.size === 0;
  }

  get dirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Resolves once the text is durable in the file. */
  append(seq: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ seq, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** The batch may be partly in the file, or owed to it: recover it before anything else is written. */
  markDirty(seq: number): void {
    this.#dirty.add(seq);
  }

  /** Recovers what is dirty, in the file's turn. */
  repair(): Promise<void> {
    return this.append(0, new Uint8Array(0));
  }

  async #run(): Promise<void> {
    // What arrives in the same turn of the loop belongs to the same write.
    await Promise.resolve();
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      try {
        await this.#write(group);
        for (const one of group) one.resolve();
      } catch (error) {
        for (const one of group) {
          if (one.seq > 0 && !wasUndone(error)) this.#dirty.add(one.seq);
          one.reject(error);
        }
      }
    }
    this.#running = undefined;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      bytes += (this.#waiting[count] as Waiting).bytes.length;
      if (count > 0 && bytes > MAX_WRITE_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    await this.#makeWhole();
    const bytes =
      group.length === 1 ? (group[0] as Waiting).bytes : Buffer.concat(group.map((one) => one.bytes));
    if (bytes.length > 0) await appendToVault(this.#fileSystem, this.target, bytes);
  }

  async #makeWhole(): Promise<void> {
    if (this.#dirty.size === 0) return;
    const seqs = [...this.#dirty];
    try {
      await this.#recover(seqs);
    } catch (error) {
      // Nothing of the waiting batches was tried: their text is certainly not in the file.
      throw asUndone(error);
    }
    for (const seq of seqs) this.#dirty.delete(seq);
  }
}

/** True when a failed write certainly left nothing in the file. */
export function wasUndone(error: unknown): boolean {
  return isSluiceError(error) && (error.details as VaultErrorDetails | undefined)?.undone === true;
}

function asUndone(error: unknown): SluiceError<VaultErrorCode> {
  return new SluiceError("VAULT_WRITE_FAILED", `the vault file is not whole yet: ${errorMessage(error)}`, {
    retryable: true,
    details: { undone: true } satisfies VaultErrorDetails,
    cause: error,
  });
}
