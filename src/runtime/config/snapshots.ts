import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../kernel/clock.ts";
import type { Redactor } from "../../kernel/redaction.ts";
import { deepFreeze } from "../../kernel/safe-json.ts";
import type { Store } from "../../store/index.ts";
import type { ConfigRevision } from "../../store/procedures/config-revisions.ts";
import { checkedText, coreProblems, knownProblems } from "./core-check.ts";
import type { ConfigRecord } from "./parse-text.ts";
import { resolveConfig } from "./resolve.ts";
import type { ConfigSource } from "./source.ts";
import type { ConfigProblem, ConfigSnapshot, SluiceConfig } from "./types.ts";

export interface SnapshotOptions {
  /** Absolute path of the file. */
  path: string;
  clock: Clock;
  /** Learns every secret of the configuration. */
  redactor: Redactor;
  /** For `${NAME}` and references with source `env`. Default: the process environment. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Makes snapshots of what the file says; of the newest good revision where the file is broken. */
export class ConfigSnapshots {
  readonly #options: SnapshotOptions;
  readonly #store: Store;

  constructor(options: SnapshotOptions, store: Store) {
    this.#options = options;
    this.#store = store;
  }

  /**
   * The snapshot that follows `running` when the file reads like this.
   *
   * @param good the newest good revision, where the caller has it already
   */
  async evaluate(
    source: ConfigSource,
    running: ConfigSnapshot,
    good?: ConfigRevision,
  ): Promise<ConfigSnapshot> {
    const { effective } = source;
    if (!effective) {
      const problem: ConfigProblem = { path: "", message: source.error ?? "unreadable", severity: "error" };
      return this.#fallBack(source, [problem], running, good);
    }
    const known = good?.hash === source.hash ? knownProblems(good) : undefined;
    const problems = known ?? (await coreProblems(effective));
    if (problems.some((problem) => problem.severity === "error"))
      return this.#fallBack(source, problems, running, good);
    const revision = known && good ? good.revision : await this.#observe(source, effective, problems);
    return this.#snapshotOf(source, effective, revision, source.exists ? "file" : "defaults", problems);
  }

  #observe(source: ConfigSource, effective: ConfigRecord, problems: ConfigProblem[]): Promise<number> {
    return this.#store.call.configRevisions.observe({
      hash: source.hash,
      source: source.text,
      effective: JSON.stringify(effective),
      checked: checkedText(problems),
      now: this.#options.clock.now(),
    });
  }

  /** The file is broken: goes on with what runs, or at the start with the newest good revision. */
  async #fallBack(
    source: ConfigSource,
    problems: ConfigProblem[],
    running: ConfigSnapshot,
    good: ConfigRevision | undefined,
  ): Promise<ConfigSnapshot> {
    if (running.revision > 0) {
      const origin = running.origin === "defaults" ? "defaults" : "revision";
      return Object.freeze({ ...running, ...aboutFile(source), origin, problems: deepFreeze(problems) });
    }
    const newest = good ?? (await this.#store.call.configRevisions.newestGood({}));
    if (!newest) return this.#snapshotOf(source, {}, 0, "defaults", problems);
    const effective = JSON.parse(newest.effective) as ConfigRecord;
    return this.#snapshotOf(source, effective, newest.revision, "revision", problems);
  }

  async #snapshotOf(
    source: ConfigSource,
    effective: ConfigRecord,
    revision: number,
    origin: ConfigSnapshot["origin"],
    problems: readonly ConfigProblem[],
  ): Promise<ConfigSnapshot> {
    const resolved = await resolveConfig(
      effective,
      this.#options.env ?? process.env,
      dirname(this.#options.path),
    );
    for (const secret of resolved.secrets) this.#options.redactor.add(secret);
    return deepFreeze({
      revision,
      path: this.#options.path,
      ...aboutFile(source),
      source: structuredClone(effective) as SluiceConfig,
      config: resolved.config as SluiceConfig,
      origin,
      problems: [...problems, ...resolved.problems],
    });
  }
}

function aboutFile(source: ConfigSource): Pick<ConfigSnapshot, "hash" | "exists" | "text" | "includedPaths"> {
  const { hash, exists, text } = source;
  return { hash, exists, text, includedPaths: Object.freeze(source.includes.map((include) => include.path)) };
}

/** The same file can still give another configuration: a variable or a secret file may have changed. */
export function sameSnapshot(next: ConfigSnapshot, previous: ConfigSnapshot): boolean {
  return (
    next.hash === previous.hash &&
    next.revision === previous.revision &&
    next.origin === previous.origin &&
    isDeepStrictEqual(next.config, previous.config) &&
    isDeepStrictEqual(next.problems, previous.problems)
  );
}

/** Before the file was read. */
export function emptySnapshot(path: string): ConfigSnapshot {
  return deepFreeze({
    revision: 0,
    hash: "",
    path,
    source: {},
    config: {},
    origin: "defaults",
    problems: [],
    exists: false,
    text: "",
    includedPaths: [],
  });
}
