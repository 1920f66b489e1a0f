import type { Disposable } from "../../kernel/disposable.ts";

/** The parsed configuration. Sections are validated by schema when loaded; unknown ones pass through. */
export interface SluiceConfig {
  readonly gateway?: {
    readonly port?: number;
    readonly bind?: string;
    readonly auth?: {
      readonly mode?: "token" | "password" | "none";
      readonly token?: unknown;
      readonly password?: unknown;
    };
    readonly controlUi?: { readonly allowedOrigins?: readonly string[] };
    readonly [key: string]: unknown;
  };
  readonly plugins?: {
    readonly enabled?: boolean;
    readonly allow?: readonly string[];
    readonly deny?: readonly string[];
    readonly load?: { readonly paths?: readonly string[] };
    readonly slots?: Readonly<Record<string, string>>;
    readonly entries?: Readonly<
      Record<
        string,
        {
          readonly enabled?: boolean;
          readonly config?: Readonly<Record<string, unknown>>;
          readonly [key: string]: unknown;
        }
      >
    >;
    readonly [key: string]: unknown;
  };
  readonly agents?: { readonly [key: string]: unknown };
  readonly models?: { readonly [key: string]: unknown };
  readonly channels?: { readonly [channelId: string]: unknown };
  readonly session?: { readonly [key: string]: unknown };
  readonly messages?: { readonly [key: string]: unknown };
  readonly [section: string]: unknown;
}

export interface ConfigProblem {
  /** Dotted path of the field, `""` for the whole file. */
  path: string;
  message: string;
  severity: "error" | "warning";
}

/** One deeply frozen state of the configuration. */
export interface ConfigSnapshot {
  readonly revision: number;
  /** SHA-256 (hex) of the source text; the base of a compare-and-swap write. */
  readonly hash: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** As written, secret references unresolved. Safe to show after redaction. */
  readonly source: SluiceConfig;
  /** With secret references resolved; never leaves the process. */
  readonly config: SluiceConfig;
  /** Where it came from: the file, an older good revision because the file is broken, or defaults. */
  readonly origin: "file" | "revision" | "defaults";
  readonly problems: readonly ConfigProblem[];
  /** False when there is no file; everything is at its default then. */
  readonly exists: boolean;
  /** Text of the file as it is on disk, `""` without one. Holds secrets. */
  readonly text: string;
  /** Absolute paths of the files it includes. */
  readonly includedPaths: readonly string[];
}

export type AfterWrite =
  | { mode: "auto" }
  | { mode: "restart"; reason: string }
  | { mode: "none"; reason: string };

export interface ConfigWriteResult {
  revision: number;
  hash: string;
  /** What still has to happen for the change to take effect. */
  followUp: { kind: "none" } | { kind: "reload"; plugins: string[] } | { kind: "restart"; reason: string };
  changedPaths: string[];
}

export type ConfigErrorCode = "CONFIG_CONFLICT" | "CONFIG_INVALID" | "CONFIG_WRITE_FAILED";

/** Schemas that plugins declare in their manifests, as plain JSON Schema. */
export interface ConfigSchemas {
  /** By plugin id: the schema of `plugins.entries.<id>.config`. An id that is absent is unknown. */
  readonly plugins: Readonly<Record<string, { readonly schema?: object }>>;
  /** By channel id: the schema of `channels.<id>`. */
  readonly channels: Readonly<Record<string, { readonly schema?: object }>>;
  /** Some plugins could not be looked at: what is not listed may still be theirs. */
  readonly incomplete?: boolean;
}

export interface ConfigMutateOptions {
  /** The hash the change is based on. Needed to write over a file that does not parse. */
  baseHash?: string;
  reason: string;
  /** Default `{ mode: "auto" }`. */
  afterWrite?: AfterWrite;
  /** Lets a write drop more than half of the configuration. */
  allowShrink?: boolean;
}

export interface ConfigService extends Disposable {
  current(): ConfigSnapshot;
  /**
   * Writes a changed configuration: the revision row first, then the file (temp, fsync, rename).
   * Comments of the file are kept. @throws CONFIG_CONFLICT when `baseHash` is stale, CONFIG_INVALID with the problems
   */
  mutate(
    change: (draft: Record<string, unknown>) => unknown,
    options: ConfigMutateOptions,
  ): Promise<ConfigWriteResult>;
  /** Checks a candidate without writing it and without running plugin code. */
  validate(candidate: unknown): Promise<ConfigProblem[]>;
  /** Reads the file now instead of at the next look; resolves with what is current then. */
  refresh(): Promise<ConfigSnapshot>;
  /** Called after a new snapshot became current. */
  onChange(listener: (snapshot: ConfigSnapshot, previous: ConfigSnapshot) => void): Disposable;
}
