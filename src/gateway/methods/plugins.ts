import { createHash } from "node:crypto";
import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import type { PluginRecord } from "../../plugins/types.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type MethodGroup, method } from "../rpc/method.ts";

const open = { additionalProperties: true } as const;

const list = method({
  name: "plugins.list",
  scope: "operator.read",
  params: Type.Object({}, { additionalProperties: false }),
  result: Type.Object({
    generation: Type.Integer(),
    plugins: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }, open)),
    diagnostics: Type.Array(Type.Unknown()),
    mutationAllowed: Type.Boolean(),
  }),
  summary: "Lists the plugins that were found, with their state.",
  idempotent: true,
  handler: ({ services }) => {
    const records = services.plugins.records();
    return {
      generation: services.registry.current().id,
      plugins: records.map(catalogEntry),
      diagnostics: records.flatMap((record) => record.diagnostics),
      mutationAllowed: false,
    };
  },
});

const inspect = method({
  name: "plugins.inspect",
  scope: "operator.read",
  params: Type.Object({ pluginId: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  result: Type.Object(
    {
      ok: Type.Literal(true),
      plugin: Type.Object({ id: Type.String() }, open),
      declared: Type.Object({}, open),
      reviewToken: Type.String(),
      grants: Type.Object({}, open),
    },
    open,
  ),
  summary: "Tells everything about one plugin: state, reasons, diagnostics and what it registered.",
  idempotent: true,
  handler: ({ services }, { pluginId }) => {
    const record = services.plugins.records().find((candidate) => candidate.id === pluginId);
    if (!record) {
      throw new SluiceError<ErrorCode>("INVALID_REQUEST", `unknown plugin: ${pluginId}`, {
        details: { pluginId },
      });
    }
    const contributions: Record<string, string[]> = {};
    for (const entry of services.registry.current().ofPlugin(pluginId)) {
      const keys = contributions[entry.kind] ?? [];
      keys.push(entry.key);
      contributions[entry.kind] = keys;
    }
    const { state: _state, status, reason, error, ...plugin } = catalogEntry(record);
    const of = (kind: string) => contributions[kind] ?? [];
    return {
      ok: true as const,
      plugin,
      declared: {
        channels: of("channel"),
        providers: of("provider"),
        tools: of("tool"),
        contracts: Object.keys(contributions),
        hooks: of("hook"),
        mcpServers: [],
        cliCommands: of("cli"),
        cliBackends: [],
        skills: [],
        dangerousConfigFlags: [],
      },
      reviewToken: createHash("sha256")
        .update(JSON.stringify([record.id, record.version, record.source]))
        .digest("hex"),
      grants: {
        hooks: { allowPromptInjection: { effective: true }, allowConversationAccess: { effective: true } },
      },
      runtime: { status, reason, ...(error === undefined ? {} : { error }), contributions },
      diagnostics: [...record.diagnostics],
    };
  },
});

function catalogEntry(record: PluginRecord) {
  return {
    id: record.id,
    name: record.name,
    ...(record.version === undefined ? {} : { version: record.version }),
    ...(record.description === undefined ? {} : { description: record.description }),
    installed: true,
    enabled: record.status !== "disabled",
    state: record.status === "loaded" ? "enabled" : record.status === "error" ? "error" : "disabled",
    status: record.status,
    reason: record.reason,
    origin: record.origin,
    ...(record.error === undefined ? {} : { error: record.error }),
  };
}

export default [list, inspect] satisfies MethodGroup;
