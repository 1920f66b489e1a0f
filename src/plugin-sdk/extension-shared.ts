import { runPassiveAccountLifecycle } from "./outbound/account-lifecycle.ts";
import { requireOpenAllowFrom as requireOpen } from "./schemas/allow-from-checks.ts";
import { buildBaseChannelStatusSummary, buildProbeChannelStatusSummary } from "./status/account-status.ts";
import { safeParseJson } from "./values/text.ts";

export { resolveLoggerBackedRuntime } from "./logging/runtime-env.ts";
export {
  buildTrafficStatusSummary,
  coerceStatusIssueAccountId,
  readStatusIssueFields,
} from "./status/account-status.ts";
export { buildTimeoutAbortSignal, createDeferred, type Deferred } from "./values/async.ts";

/** A schema object of a library such as zod. */
interface ParsingSchema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** The parsed value, or `null`. */
export function safeParseWithSchema<T>(schema: ParsingSchema<T>, value: unknown): T | null {
  const result = schema.safeParse(value);
  return result.success ? result.data : null;
}

export function safeParseJsonWithSchema<T>(schema: ParsingSchema<T>, raw: string): T | null {
  const value = safeParseJson(raw);
  return value === undefined ? null : safeParseWithSchema(schema, value);
}

export const buildPassiveChannelStatusSummary = buildBaseChannelStatusSummary;
export const buildPassiveProbedChannelStatusSummary = buildProbeChannelStatusSummary;

type OpenCheck = typeof requireOpen;

/** The check of `dmPolicy: "open"` with the usual path and message. */
export function requireChannelOpenAllowFrom(params: {
  channel: string;
  policy?: string;
  allowFrom?: Array<string | number>;
  ctx: Parameters<OpenCheck>[0]["ctx"];
  requireOpenAllowFrom?: OpenCheck;
}): void {
  const { channel, requireOpenAllowFrom = requireOpen, ...check } = params;
  requireOpenAllowFrom({
    ...check,
    path: ["allowFrom"],
    message: `channels.${channel}.dmPolicy="open" requires channels.${channel}.allowFrom to include "*"`,
  });
}

/** The version in the plugin's package.json, by its own `require`. */
export function readPluginPackageVersion(params: {
  require(id: string): unknown;
  candidates?: readonly string[];
  fallback?: string;
}): string {
  for (const candidate of params.candidates ?? ["../package.json", "./package.json"]) {
    try {
      const version = (params.require(candidate) as { version?: unknown }).version;
      if (typeof version === "string" && version.trim() !== "") return version;
    } catch {
      // The next candidate may be the one.
    }
  }
  return params.fallback ?? "unknown";
}

/** An agent for the proxy of the environment; this host's requests go through its own dispatcher. */
export async function resolveAmbientNodeProxyAgent<Agent>(): Promise<Agent | undefined> {
  return undefined;
}

/** Runs a monitor until its account is stopped; then the monitor is. */
export async function runStoppablePassiveMonitor(params: {
  abortSignal?: AbortSignal;
  start(): Promise<{ stop(): void | Promise<void> }>;
}): Promise<void> {
  await runPassiveAccountLifecycle({ ...params, stop: (monitor) => monitor.stop() });
}
