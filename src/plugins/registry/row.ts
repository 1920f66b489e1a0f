import type { PluginKind, PluginManifest } from "../../contracts/manifest.ts";
import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import type { Around } from "../loading/bind-value.ts";
import type { PluginDiagnostic, PluginOrigin } from "../types.ts";

/** Capability types that decide a plugin's shape (spec 2.17). */
export type CapabilityType =
  | "agent-harness"
  | "channel"
  | "cli-backend"
  | "context-engine"
  | "decision"
  | "embedding"
  | "gateway-discovery"
  | "image-generation"
  | "media-understanding"
  | "migration-provider"
  | "music-generation"
  | "realtime-transcription"
  | "realtime-voice"
  | "session-catalog"
  | "speech"
  | "text-inference"
  | "transcript-source"
  | "video-generation"
  | "web-fetch"
  | "web-search"
  | "worker-provider";

/** The plugin that registers, as far as rules need it. */
export interface Registrant {
  readonly id: string;
  readonly name: string;
  readonly origin: PluginOrigin;
  readonly source: string;
  readonly rootDir: string;
  readonly manifest: PluginManifest;
  readonly kinds: readonly PluginKind[];
  /** The operator's own config enabled it; the trust bit of spec 2.6. */
  readonly explicitlyEnabled: boolean;
  readonly mode: PluginRegistrationMode;
  readonly config: Readonly<Record<string, unknown>>;
  readonly pluginConfig: Readonly<Record<string, unknown>>;
  readonly hookPolicy: HookPolicy;
  readonly memorySlotSelected: boolean;
  /** Adds a finding that shows up only when the contribution is used. */
  report(note: Note): void;
}

/** `plugins.entries.<id>.hooks` (spec 2.5). */
export interface HookPolicy {
  readonly allowPromptInjection: boolean;
  readonly allowConversationAccess: boolean | undefined;
  readonly timeoutMs: number | undefined;
  readonly timeouts: Readonly<Record<string, number>>;
}

export interface Accepted {
  /** Names this row claims within its kind; the first is its key. */
  readonly keys: readonly string[];
  /** The keys are what it may turn out to make: it leaves them to whoever of its plugin claims them by name. */
  readonly nameless?: boolean;
  /** As the plugin gave it. */
  readonly value: unknown;
  /** Members that consumers see instead of the plugin's own; the plugin's object is never changed. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Functions of the value whose results hold functions of the plugin too. */
  readonly makes?: readonly string[];
  /** Members that run until something stops them, such as a service's `start`; nobody waits for them to end. */
  readonly lasting?: readonly string[];
  /** Members that make something for the host, which is bound too and closed with the plugin. */
  readonly owns?: readonly string[];
  /** What the host puts around calls of members, by name. */
  readonly around?: Readonly<Record<string, Around>>;
  readonly notes?: readonly Note[];
}

export interface Note {
  readonly level: PluginDiagnostic["level"];
  readonly code: DiagnosticCode;
  readonly message: string;
}

export interface Refused {
  /** No notes: ignored in silence. */
  readonly refused: readonly Note[];
}

export function refuse(code: DiagnosticCode, message: string, level: Note["level"] = "error"): Refused {
  return { refused: [{ level, code, message }] };
}

export function malformed(message: string): Refused {
  return refuse("registration-malformed", message);
}

/** One kind of contribution. The whole registry follows from a list of these. */
export interface KindRow {
  /** camelCase of the method without `register`. */
  readonly kind: string;
  readonly method: string;
  /** The kind whose rows hold the result when this method is a shorthand. */
  readonly storedAs?: string;
  /** One line for people: what it registers. */
  readonly summary: string;
  /** Section of the plugin contract. */
  readonly spec: string;
  readonly features: readonly string[];
  /** `global`: a key has one owner; `plugin`: every plugin has its own keys. */
  readonly scope: "global" | "plugin";
  /** The same plugin registers a key again. */
  readonly again: "error" | "replace" | "ignore" | "all";
  readonly capability?: CapabilityType;
  /** Modes besides full, discovery and tool-discovery in which the method is active. */
  readonly alsoIn?: readonly PluginRegistrationMode[];
  /** Names of the value that the manifest must list (spec 1.7). */
  readonly contract?: {
    readonly key: string;
    /** Also satisfied by these keys. */
    readonly or?: readonly string[];
    /** Bundled plugins need no listing. */
    readonly externalOnly?: boolean;
    /** A manifest from before contracts (without any `contracts`) is accepted with an advisory. */
    readonly lenientWithoutContracts?: boolean;
    names(value: unknown): readonly string[];
  };
  /** `bundled`: only bundled plugins; `explicit`: others need explicit enablement (spec 5). */
  readonly trust?: "bundled" | "explicit";
  /** Names no plugin may claim. */
  readonly reserved?: ReadonlySet<string>;
  /** A taken name removes only that name, not the whole registration. */
  readonly sharesPartly?: boolean;
  /** Accepted and stored, but no part of this version consumes it yet. */
  readonly unconsumed?: boolean;
  /** Names besides its keys that only one contribution of this kind may have, of whichever plugin. */
  claims?(value: unknown): readonly string[];
  /** What becomes of two values whose first argument is the same: one that stands where the first one stood. */
  merge?(kept: unknown, added: unknown): object;
  /** Validates the call's arguments and shapes the stored value. A throw fails the whole plugin. */
  read(args: readonly unknown[], registrant: Registrant): Accepted | Refused;
}

/** True where calling the method stores something (spec 2.12). */
export function isActive(row: KindRow, mode: PluginRegistrationMode): boolean {
  if (mode === "full" || mode === "discovery" || mode === "tool-discovery") return true;
  return row.alsoIn?.includes(mode) ?? false;
}
