import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isRecord } from "../../kernel/records.ts";
import { assertSafeJson } from "../../kernel/safe-json.ts";
import type { Store } from "../../store/index.ts";
import { checkedText, coreProblems } from "./core-check.ts";
import { FileWatch } from "./file-watch.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { followUpOf } from "./reload-plan.ts";
import { ConfigSnapshots, emptySnapshot, type SnapshotOptions, sameSnapshot } from "./snapshots.ts";
import { type ConfigSource, fileFingerprint, INCLUDE, readSource, sourceOf } from "./source.ts";
import type {
  ConfigErrorCode,
  ConfigMutateOptions,
  ConfigProblem,
  ConfigSchemas,
  ConfigService,
  ConfigSnapshot,
  ConfigWriteResult,
} from "./types.ts";
import { replaceFile, writePrivate } from "./write-file.ts";
import { guardAgainstLoss, planWrite } from "./write-plan.ts";

export interface ConfigOptions extends SnapshotOptions {
  /** May still be opening; the file is read meanwhile. */
  store: Store | Promise<Store>;
  logger: Logger;
  /** Folders besides the file's own that includes may come from. */
  includeRoots?: readonly string[];
  /** Asked on each validation before a write; must not run plugin code. */
  schemas?: () => ConfigSchemas | Promise<ConfigSchemas>;
}

export class FileConfigService implements ConfigService {
  readonly #options: ConfigOptions;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #changes: Emitter<{ next: ConfigSnapshot; previous: ConfigSnapshot }>;
  readonly #snapshots: ConfigSnapshots;
  #snapshot: ConfigSnapshot;
  #fingerprint: string;
  #queue: Promise<unknown> = Promise.resolve();
  #watch: FileWatch | undefined;

  private constructor(options: ConfigOptions, store: Store, fingerprint: string) {
    this.#options = options;
    this.#store = store;
    this.#logger = options.logger;
    this.#snapshots = new ConfigSnapshots(options, store);
    this.#fingerprint = fingerprint;
    this.#changes = new Emitter((error) => this.#logger.error("a configuration listener failed", { error }));
    this.#snapshot = emptySnapshot(options.path);
  }

  /** Reads the file and settles what an earlier process left open. Never fails because of the file. */
  static async open(options: ConfigOptions): Promise<FileConfigService> {
    const fingerprint = await fileFingerprint([options.path]);
    const [source, store] = await Promise.all([
      readSource(options.path, options.includeRoots ?? []),
      options.store,
    ]);
    const service = new FileConfigService(options, store, fingerprint);
    const good = await store.call.configRevisions.reconcile({
      fileHash: source.hash,
      now: options.clock.now(),
    });
    service.#snapshot = await service.#snapshots.evaluate(source, service.#snapshot, good);
    service.#fingerprint = await service.#currentFingerprint();
    service.#report(service.#snapshot);
    service.#watch = new FileWatch({
      clock: options.clock,
      logger: options.logger,
      fingerprint: () => service.#currentFingerprint(),
      seen: () => service.#fingerprint,
      changed: () => service.refresh(),
    });
    return service;
  }

  current(): ConfigSnapshot {
    return this.#snapshot;
  }

  onChange(listener: (snapshot: ConfigSnapshot, previous: ConfigSnapshot) => void): Disposable {
    return this.#changes.on(({ next, previous }) => listener(next, previous));
  }

  async validate(candidate: unknown): Promise<ConfigProblem[]> {
    const { validateCore, validateExtensions } = await import("./validate.ts");
    const problems = validateCore(candidate);
    if (!isRecord(candidate) || !this.#options.schemas) return problems;
    return [...problems, ...validateExtensions(candidate, await this.#options.schemas())];
  }

  refresh(): Promise<ConfigSnapshot> {
    return this.#exclusive(() => this.#load());
  }

  mutate(
    change: (draft: Record<string, unknown>) => unknown,
    options: ConfigMutateOptions,
  ): Promise<ConfigWriteResult> {
    return this.#exclusive(() => this.#mutate(change, options));
  }

  async dispose(): Promise<void> {
    this.#watch?.dispose();
    await this.#queue;
  }

  async #mutate(
    change: (draft: Record<string, unknown>) => unknown,
    options: ConfigMutateOptions,
  ): Promise<ConfigWriteResult> {
    const source = await readSource(this.#options.path, this.#options.includeRoots ?? []);
    if (options.baseHash !== undefined && options.baseHash !== source.hash) {
      throw failure(
        "CONFIG_CONFLICT",
        "the configuration changed since it was read; read it again and retry",
        {
          currentHash: source.hash,
        },
      );
    }
    if (source.error !== undefined && options.baseHash === undefined) {
      throw failure(
        "CONFIG_INVALID",
        `the file is broken (${source.error}); repair it, or pass its hash as baseHash to write over it`,
      );
    }
    const base = source.effective ?? (this.#snapshot.source as ConfigRecord);
    const next = await draftOf(base, change);
    await this.#assertValid(next, base);
    if (!options.allowShrink) guardAgainstLoss(base, next);
    const plan = await planWrite(this.#options.path, source, base, next);
    if (plan.changes.length === 0 && source.error === undefined) {
      const { revision, hash } = await this.#load();
      return { revision, hash, followUp: { kind: "none" }, changedPaths: [] };
    }
    const written = holdsKey(next, INCLUDE) ? await this.#planned(plan, base) : undefined;
    await this.#write(
      { ...plan, ...(written ? { hash: written.hash } : {}) },
      written?.effective ?? next,
      options.reason,
      source,
    );
    const { revision, hash } = await this.#load();
    const paths = plan.changes.map((one) => one.path);
    return {
      revision,
      hash,
      followUp: followUpOf(paths, options.afterWrite ?? { mode: "auto" }),
      changedPaths: paths.map((path) => path.join(".")),
    };
  }

  /** What a text that names files means. @throws SluiceError `CONFIG_INVALID` when it could not be read back */
  async #planned(
    { file, rootText }: { file: string; rootText: string },
    base: ConfigRecord,
  ): Promise<{ readonly hash: string; readonly effective: ConfigRecord }> {
    const { path, includeRoots = [] } = this.#options;
    if (file !== path) {
      throw failure(
        "CONFIG_INVALID",
        `an included file may not come to include others; edit ${file} by hand`,
      );
    }
    const { hash, effective, error } = await sourceOf(path, rootText, includeRoots);
    if (!effective) throw failure("CONFIG_INVALID", `this would break the file: ${error}`);
    await this.#assertValid(effective, base);
    return { hash, effective };
  }

  /** The row first, then the file: whatever happens between, the next start can tell what became of it. */
  async #write(
    plan: { file: string; text: string; hash: string; rootText: string },
    next: ConfigRecord,
    reason: string,
    source: ConfigSource,
  ): Promise<void> {
    const { configRevisions } = this.#store.call;
    const revision = await configRevisions.begin({
      hash: plan.hash,
      reason,
      source: plan.rootText,
      effective: JSON.stringify(next),
      checked: checkedText(await coreProblems(next)),
      now: this.#options.clock.now(),
    });
    try {
      if (source.error !== undefined && source.text !== "") {
        await writePrivate(`${this.#options.path}.rejected.${this.#options.clock.now()}`, source.text);
      }
      await replaceFile(plan.file, plan.text);
    } catch (cause) {
      await configRevisions.settle({ revision, status: "reverted", now: this.#options.clock.now() });
      throw failure(
        "CONFIG_WRITE_FAILED",
        `the file was not written: ${errorMessage(cause)}`,
        undefined,
        cause,
      );
    }
    await configRevisions.settle({ revision, status: "confirmed", now: this.#options.clock.now() });
  }

  /** Errors of the core are never written; errors of an extension only when they were there before. */
  async #assertValid(next: ConfigRecord, base: ConfigRecord): Promise<void> {
    const errors = (await this.validate(next)).filter((problem) => problem.severity === "error");
    if (errors.length === 0) return;
    const core = new Set((await coreProblems(next)).map(problemKey));
    const before = new Set((await this.validate(base)).map(problemKey));
    const issues = errors.filter(
      (problem) => core.has(problemKey(problem)) || !before.has(problemKey(problem)),
    );
    if (issues.length === 0) return;
    const first = issues[0] as ConfigProblem;
    const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
    throw failure("CONFIG_INVALID", `invalid config: ${first.path || "(root)"}: ${first.message}${more}`, {
      issues,
    });
  }

  /** Makes the file as it is now the current snapshot. */
  async #load(): Promise<ConfigSnapshot> {
    const fingerprint = await this.#currentFingerprint();
    const source = await readSource(this.#options.path, this.#options.includeRoots ?? []);
    const previous = this.#snapshot;
    const next = await this.#snapshots.evaluate(source, previous);
    const same = sameSnapshot(next, previous);
    if (!same) this.#snapshot = next;
    // Files that are included only now are watched from now on.
    const paths = [this.#options.path, ...source.includes.map((include) => include.path)];
    this.#fingerprint = same || paths.length === 1 ? fingerprint : await fileFingerprint(paths);
    if (!same) {
      this.#report(next);
      this.#changes.emit({ next, previous });
    }
    return this.#snapshot;
  }

  #report(snapshot: ConfigSnapshot): void {
    for (const { path, message, severity } of snapshot.problems) {
      const text = `configuration: ${path === "" ? message : `${path}: ${message}`}`;
      if (severity === "error") this.#logger.error(text, { file: snapshot.path, running: snapshot.origin });
      else this.#logger.warn(text);
    }
  }

  #currentFingerprint(): Promise<string> {
    return fileFingerprint([this.#options.path, ...this.#snapshot.includedPaths]);
  }

  /** Reads and writes one after the other. */
  #exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** Runs the change on a copy and makes plain JSON of what it left. */
async function draftOf(
  base: ConfigRecord,
  change: (draft: Record<string, unknown>) => unknown,
): Promise<ConfigRecord> {
  const draft = structuredClone(base);
  await change(draft);
  try {
    const plain = JSON.parse(JSON.stringify(draft)) as unknown;
    assertSafeJson(plain);
    return plain as ConfigRecord;
  } catch (cause) {
    throw failure("CONFIG_INVALID", `invalid config: ${errorMessage(cause)}`, undefined, cause);
  }
}

/** Whether any record of a configuration has the key. */
function holdsKey(value: unknown, key: string): boolean {
  if (Array.isArray(value)) return value.some((item) => holdsKey(item, key));
  if (!isRecord(value)) return false;
  return Object.hasOwn(value, key) || Object.values(value).some((item) => holdsKey(item, key));
}

function problemKey(problem: ConfigProblem): string {
  return `${problem.path}\n${problem.message}`;
}

function failure(
  code: ConfigErrorCode,
  message: string,
  details?: object,
  cause?: unknown,
): SluiceError<ConfigErrorCode> {
  return new SluiceError(code, message, { details, ...(cause === undefined ? {} : { cause }) });
}
