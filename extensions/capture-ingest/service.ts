import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Disposable, errorMessage, Scope, SluiceError } from "sluice/plugin-sdk/foundation";
import { type Database, openDatabase } from "sluice/plugin-sdk/store";
import type { CaptureConfig } from "./config.ts";
import { MIN_KEY_LENGTH } from "./contract/limits.ts";
import { higherSensitivity } from "./contract/source-types.ts";
import type { CaptureBatch } from "./contract/validate.ts";
import type { RouteFace } from "./http/routes.ts";
import { Ingest, type IngestRequest, type StoredBatch } from "./ingest.ts";
import type { KeyFile, StoredKey } from "./keys/key-file.ts";
import { keyFileOf } from "./keys/key-files.ts";
import { type KeyIdentity, KeyRing } from "./keys/key-ring.ts";
import type { LedgerProcedures } from "./ledger/procedures.ts";
import type { SourceRecord } from "./ledger/records.ts";
import type { CaptureManifest } from "./registry/manifest.ts";
import { CaptureRegistry, type PluginListing } from "./registry/registry.ts";
import { BlockIds } from "./render/block-id.ts";
import { Settling } from "./settling.ts";
import { Turnstile } from "./turnstile.ts";
import { Upkeep } from "./upkeep.ts";
import { nodeFileSystem, type VaultFileSystem } from "./vault/file-system.ts";
import { Vaults } from "./vault/vaults.ts";

/** How long stopping waits for batches that are being written. */
export const STOP_LIMIT_MS = 10_000;
/** Notices remembered, so that each is given once. */
const MAX_NOTICES = 10_000;

export interface CaptureLog {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export interface CaptureOptions {
  stateDir: string;
  /** Built worker of the ledger. */
  workerFile: string;
  config: CaptureConfig;
  clock: Clock;
  log: CaptureLog;
  fileSystem?: VaultFileSystem;
  onStored?(batch: StoredBatch): void;
  onStalled?(source: SourceRecord): void;
  /** The ledger's worker died; the service has to be started anew. */
  onFailure?(error: Error): void;
  /** Keys of one run of the key index; smaller in tests. */
  keysPerRun?: number;
}

/** The running capture service: ledger, vaults, keys and registry of one gateway. */
export class CaptureService implements RouteFace, Disposable {
  readonly clock: Clock;
  config: CaptureConfig;
  readonly stateDir: string;
  readonly turnstile = new Turnstile();
  readonly registry: CaptureRegistry;
  readonly ledger: Database<LedgerProcedures>;
  readonly vaults: Vaults;
  readonly blockIds: BlockIds;
  readonly keyFile: KeyFile;
  readonly #ingest: Ingest;
  readonly #settling: Settling;
  readonly #log: CaptureLog;
  readonly #scope: Scope;
  readonly #notices = new Set<string>();
  #ring: { stored: StoredKey[]; config: CaptureConfig; ring: KeyRing } | undefined;
  #working = 0;
  #stopping = false;
  #onIdle: (() => void) | undefined;
  lastError: { at: number; message: string } | undefined;

  private constructor(parts: {
    options: CaptureOptions;
    registry: CaptureRegistry;
    ledger: Database<LedgerProcedures>;
    vaults: Vaults;
    blockIds: BlockIds;
    ingest: Ingest;
    settling: Settling;
    scope: Scope;
  }) {
    this.clock = parts.options.clock;
    this.config = parts.options.config;
    this.stateDir = parts.options.stateDir;
    this.#log = parts.options.log;
    this.registry = parts.registry;
    this.ledger = parts.ledger;
    this.vaults = parts.vaults;
    this.blockIds = parts.blockIds;
    this.#ingest = parts.ingest;
    this.#settling = parts.settling;
    this.#scope = parts.scope;
    this.keyFile = keyFileOf(parts.options.stateDir);
  }

  /** Opens the ledger, pays what it owes the vaults, and is then ready for requests. */
  static async start(options: CaptureOptions): Promise<CaptureService> {
    const { config, clock, log } = options;
    const scope = new Scope("capture");
    try {
      const folder = join(options.stateDir, "capture");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const ledger = await openDatabase<LedgerProcedures>({
        file: join(folder, "ingest.sqlite"),
        workerFile: options.workerFile,
        onFailure: (error) => options.onFailure?.(error),
      });
      scope.use(ledger, "ledger");
      const { seed, nextEntry } = await ledger.call.ledger.open({ seed: randomBytes(16) });
      const blockIds = new BlockIds(seed);
      const vaults = await Vaults.open({
        fileSystem: options.fileSystem ?? nodeFileSystem,
        ledger,
        blockIds,
        tenants: config.tenants,
        keepText: config.keepText,
      });
      await recover(vaults, log);
      const registry = await CaptureRegistry.read(config.pluginsDir);
      for (const { dir, errors } of registry.invalid)
        log.warn(`capture plugin "${dir}" is not usable: ${errors.join("; ")}`);

      const settling = new Settling(
        (seqs) => ledger.call.batches.settle({ seqs, keep: config.keepText }),
        clock,
        (error) => log.error(`written batches could not be marked as settled: ${errorMessage(error)}`),
      );
      const upkeep = new Upkeep({
        ledger,
        vaults,
        clock,
        log,
        stall: config.stall,
        dedupeRetentionDays: config.dedupeRetentionDays,
        onStalled: (source) => options.onStalled?.(source),
        ...(options.keysPerRun !== undefined ? { keysPerRun: options.keysPerRun } : {}),
      });
      scope.use(upkeep, "upkeep");
      scope.defer(() => settling.drain(), "settling");
      const ingest = new Ingest({
        ledger,
        vaults,
        settling,
        blockIds,
        nextEntry,
        clock,
        onStored: (batch) => {
          upkeep.noteStored(batch.stored);
          options.onStored?.(batch);
        },
      });
      const service = new CaptureService({
        options,
        registry,
        ledger,
        vaults,
        blockIds,
        ingest,
        settling,
        scope,
      });
      await service.#warnAboutKeys();
      return service;
    } catch (error) {
      await scope.dispose().catch(() => {});
      throw error;
    }
  }

  async keyRing(): Promise<KeyRing> {
    if (this.#stopping) throw starting();
    const stored = await this.keyFile.read();
    if (this.#ring?.stored === stored && this.#ring.config === this.config) return this.#ring.ring;
    const usable = stored.filter((key) => this.config.tenants.has(key.tenant));
    const ring = KeyRing.of(
      this.config.keys,
      usable.map(({ id, tenant, digest }) => ({ id, tenant, digest: Buffer.from(digest, "hex") })),
    );
    this.#ring = { stored, config: this.config, ring };
    return ring;
  }

  manifest(pluginId: string): CaptureManifest | undefined {
    return this.registry.get(pluginId);
  }

  async listPlugins(tenant: string): Promise<PluginListing> {
    return this.registry.list(await this.ledger.call.sources.list({ tenant }));
  }

  async store(request: IngestRequest): Promise<object | string> {
    if (this.#stopping) throw starting();
    this.#working++;
    try {
      return await this.#ingest.store(request, this.config);
    } catch (error) {
      this.lastError = { at: this.clock.now(), message: errorMessage(error) };
      throw error;
    } finally {
      this.#working--;
      if (this.#working === 0) this.#onIdle?.();
    }
  }

  /** Lets the ledger catch up with what is in the vault. */
  async catchUp(): Promise<void> {
    await this.#settling.drain();
  }

  notice(key: KeyIdentity, batch: CaptureBatch, undeclared: boolean): void {
    const manifest = this.registry.get(batch.pluginId);
    const own = batch.sourceType.sensitivity;
    const sensitivity = manifest ? higherSensitivity(own, manifest.sensitivity) : own;
    const sensitive = sensitivity === "HIGH" || sensitivity === "CRITICAL";
    if (!sensitive && !undeclared) return;
    const name = `${key.id} ${batch.pluginId} ${batch.sourceType.name}`;
    if (this.#notices.has(name) || this.#notices.size >= MAX_NOTICES) return;
    this.#notices.add(name);
    const facts = {
      tenant: key.tenant,
      key: key.id,
      plugin: batch.pluginId,
      sourceType: batch.sourceType.name,
    };
    if (sensitive)
      this.#log.warn(
        `${batch.pluginId} sends ${sensitivity} data (${batch.sourceType.name}); make sure its user knows`,
        facts,
      );
    if (undeclared) this.#log.warn(`${batch.pluginId} sends what its manifest does not declare`, facts);
  }

  /** Ends with no request under way; what was acknowledged is in the vault. */
  async dispose(): Promise<void> {
    this.#stopping = true;
    if (this.#working > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      await Promise.race([idle, this.clock.sleep(STOP_LIMIT_MS)]);
    }
    await this.#scope.dispose();
  }

  async #warnAboutKeys(): Promise<void> {
    const ring = await this.keyRing();
    if (ring.size === 0)
      this.#log.info(
        'capture has no key yet: every request gets 401; make one with "sluice capture keys create <name>"',
      );
    for (const { id, key } of this.config.keys)
      if (key.length < MIN_KEY_LENGTH)
        this.#log.warn(
          `capture key "${id}" is shorter than ${MIN_KEY_LENGTH} characters; choose a longer one`,
        );
  }
}

export function starting(): SluiceError {
  return new SluiceError("CAPTURE_STARTING", "capture is starting or stopping; try again", {
    retryable: true,
  });
}

async function recover(vaults: Vaults, log: CaptureLog): Promise<void> {
  const { batches, failures } = await vaults.recoverAll();
  if (batches > 0) log.info(`capture brought ${batches} interrupted batch(es) to the vault`);
  for (const { file, error } of failures)
    log.error(`capture could not bring ${file} up to date yet, it tries again: ${errorMessage(error)}`);
}
