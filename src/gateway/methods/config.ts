import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { DEFAULT_MAX_JSON_DEPTH, isForbiddenKey } from "../../kernel/safe-json.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { ConfigProblem, ConfigService, ConfigSnapshot } from "../../runtime/config/index.ts";
import { redactConfig, redactText, restoreRedacted } from "../../runtime/config/index.ts";
import { declaredSecrets } from "../declared-secrets.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import type { GatewayServices } from "../services.ts";
import { settingsProblems } from "../settings-problems.ts";
import { open } from "./shapes.ts";

/** Largest configuration text a client may send, in characters. */
const MAX_RAW_LENGTH = 2_000_000;

const get = method({
  name: "config.get",
  scope: "operator.read",
  params: Type.Object({}, open),
  result: Type.Object(
    { path: Type.String(), exists: Type.Boolean(), valid: Type.Boolean(), hash: Type.String() },
    open,
  ),
  summary: "Returns the configuration with secrets masked, its revision hashes and its problems.",
  idempotent: true,
  handler: ({ services }) => snapshotView(services),
});

const WriteParams = Type.Object(
  {
    raw: Type.String({ maxLength: MAX_RAW_LENGTH }),
    baseHash: Type.Optional(Type.String()),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    replacePaths: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
    sessionKey: Type.Optional(Type.String()),
    deliveryContext: Type.Optional(Type.Unknown()),
    restartDelayMs: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
const WriteResult = Type.Object({ ok: Type.Literal(true), path: Type.String() }, open);

const set = method({
  name: "config.set",
  scope: "operator.admin",
  params: WriteParams,
  result: WriteResult,
  summary:
    "Replaces the configuration; refused when it changed since `baseHash` was read or when it is not valid.",
  handler: async ({ services }, params) => {
    const candidate = await parseRaw(params.raw);
    return write(services, params, (draft) => {
      const restored = restoreRedacted(candidate, services.config.current().source) as Record<
        string,
        unknown
      >;
      for (const key of Object.keys(draft)) delete draft[key];
      Object.assign(draft, restored);
    });
  },
});

const patch = method({
  name: "config.patch",
  scope: "operator.admin",
  params: WriteParams,
  result: WriteResult,
  summary:
    "Merges a change into the configuration; `null` removes a key, lists of entries with an id are merged by id.",
  handler: async ({ services }, params) => {
    const change = await parseRaw(params.raw);
    const replacePaths = new Set(params.replacePaths);
    return write(services, params, (draft) => {
      mergePatch(draft, restoreRedacted(change, services.config.current().source), "", replacePaths);
    });
  },
});

async function write(
  services: GatewayServices,
  params: { baseHash?: string; note?: string },
  change: (draft: Record<string, unknown>) => void,
): Promise<{ ok: true; path: string; [key: string]: unknown }> {
  const { config } = services;
  const current = config.current();
  if (current.exists && params.baseHash === undefined) {
    throw new SluiceError<ErrorCode>(
      "INVALID_REQUEST",
      "config base hash required; re-run config.get and retry",
    );
  }
  const result = await mutate(config, change, params);
  const next = config.current();
  const shown = redactConfig(next.source, undefined, await declaredIn(services, next));
  if (result.changedPaths.length === 0) {
    return { ok: true, noop: true, changedPaths: [], path: next.path, config: shown };
  }
  return {
    ok: true,
    path: next.path,
    hash: next.hash,
    config: shown,
    changedPaths: result.changedPaths,
    restart: result.followUp.kind === "restart" ? { reason: result.followUp.reason } : null,
    followUp: result.followUp,
  };
}

/** Says config errors in the words of spec 5.3. */
async function mutate(
  config: ConfigService,
  change: (draft: Record<string, unknown>) => void,
  params: { baseHash?: string; note?: string },
) {
  try {
    return await config.mutate(change, {
      reason: params.note ?? "changed by an operator",
      ...(params.baseHash === undefined ? {} : { baseHash: params.baseHash }),
    });
  } catch (error) {
    const { code, details, message } = error as {
      code?: string;
      details?: { issues?: ConfigProblem[] };
      message?: string;
    };
    if (code === "CONFIG_CONFLICT") {
      throw new SluiceError<ErrorCode>(
        "INVALID_REQUEST",
        "config changed since last load; re-run config.get and retry",
        { cause: error },
      );
    }
    if (code === "CONFIG_INVALID") {
      const issues = details?.issues ?? [];
      const summary = issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ");
      throw new SluiceError<ErrorCode>(
        "INVALID_REQUEST",
        summary ? `invalid config: ${summary}` : `${message}`,
        {
          cause: error,
          details: { code, issues },
        },
      );
    }
    throw error;
  }
}

async function parseRaw(raw: string): Promise<Record<string, unknown>> {
  const { default: JSON5 } = await import("json5");
  let value: unknown;
  try {
    value = JSON5.parse(raw);
  } catch (error) {
    throw new SluiceError<ErrorCode>(
      "INVALID_REQUEST",
      `invalid config: raw is not JSON5: ${(error as Error).message}`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SluiceError<ErrorCode>("INVALID_REQUEST", "invalid config: raw must hold an object");
  }
  return value as Record<string, unknown>;
}

/**
 * RFC 7396 with two additions of spec 5.3: lists whose entries have ids are merged by id, and a list that
 * would lose entries is refused unless its path is named in `replacePaths`.
 */
export function mergePatch(
  target: Record<string, unknown>,
  change: unknown,
  path: string,
  replacePaths: ReadonlySet<string>,
  depth = 0,
): void {
  if (depth > DEFAULT_MAX_JSON_DEPTH) {
    throw new SluiceError<ErrorCode>("INVALID_REQUEST", "invalid config: nested too deep");
  }
  for (const [key, value] of Object.entries(change as Record<string, unknown>)) {
    if (isForbiddenKey(key)) {
      throw new SluiceError<ErrorCode>("INVALID_REQUEST", `invalid config: the key "${key}" is not allowed`);
    }
    const here = path === "" ? key : `${path}.${key}`;
    const old = target[key];
    if (value === null) delete target[key];
    else if (Array.isArray(value)) target[key] = mergeList(old, value, here, replacePaths);
    else if (typeof value === "object") {
      if (!isRecord(old)) target[key] = {};
      mergePatch(target[key] as Record<string, unknown>, value, here, replacePaths, depth + 1);
    } else target[key] = value;
  }
}

function mergeList(
  old: unknown,
  next: unknown[],
  path: string,
  replacePaths: ReadonlySet<string>,
): unknown[] {
  if (!Array.isArray(old) || replacePaths.has(path)) return next;
  if (next.length > 0 && next.every(hasId) && old.every(hasId)) {
    const merged = new Map(old.map((entry) => [entry.id, entry]));
    for (const entry of next) {
      const known = merged.get(entry.id);
      if (!known) {
        merged.set(entry.id, entry);
        continue;
      }
      const copy = structuredClone(known) as Record<string, unknown> & { id: string };
      mergePatch(copy, entry, `${path}[]`, replacePaths);
      merged.set(entry.id, copy);
    }
    return [...merged.values()];
  }
  const kept = new Set(next.map((entry) => JSON.stringify(entry)));
  if (old.some((entry) => !kept.has(JSON.stringify(entry)))) {
    throw new SluiceError<ErrorCode>(
      "INVALID_REQUEST",
      `the list ${path} would lose entries; send all of them or name the path in replacePaths`,
      { details: { path } },
    );
  }
  return next;
}

function hasId(value: unknown): value is { id: string; [key: string]: unknown } {
  return isRecord(value) && typeof value["id"] === "string";
}

/** Secrets as they are for everybody, and those that plugins declare. */
async function declaredIn(services: GatewayServices, snapshot: ConfigSnapshot): Promise<ReadonlySet<string>> {
  return declaredSecrets(await services.plugins.snapshot(), snapshot.source, snapshot.config);
}

async function snapshotView(services: GatewayServices) {
  const snapshot = services.config.current();
  const declared = await declaredIn(services, snapshot);
  const shown = redactConfig(snapshot.source, undefined, declared);
  const runtime = redactConfig(snapshot.config, snapshot.source, declared);
  const problems = [
    ...snapshot.problems,
    ...(await settingsProblems(services.config, await services.plugins.snapshot())),
  ];
  const issues = problems.filter((problem) => problem.severity === "error");
  return {
    path: snapshot.path,
    includedPaths: [...snapshot.includedPaths],
    includeProvenance: {},
    exists: snapshot.exists,
    raw: snapshot.exists ? redactText(snapshot.text, snapshot.source, declared) : null,
    parsed: shown,
    sourceConfig: shown,
    resolved: runtime,
    runtimeConfig: runtime,
    config: runtime,
    valid: issues.length === 0,
    hash: snapshot.hash,
    configRevisionHash: snapshot.hash,
    appliedConfigHash: snapshot.hash,
    revision: snapshot.revision,
    origin: snapshot.origin,
    issues,
    warnings: problems.filter((problem) => problem.severity === "warning"),
    legacyIssues: [],
  };
}

export default [get, set, patch] satisfies MethodGroup;
