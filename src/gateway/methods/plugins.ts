import { createHash } from "node:crypto";
import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import type { InstallRecord } from "../../plugins/install/index.ts";
import type { PluginRecord } from "../../plugins/types.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { catalogEntry } from "./plugin-entry.ts";
import { open } from "./shapes.ts";

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
      plugins: records.map((record) => ({
        ...catalogEntry(record, services.installs.find(record.id)),
        channelIds: services.registry
          .current()
          .ofPlugin(record.id)
          .filter(({ kind }) => kind === "channel")
          .map(({ key }) => key),
      })),
      diagnostics: [...services.plugins.diagnostics(), ...records.flatMap((record) => record.diagnostics)],
      mutationAllowed: true,
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
      components: Type.Object({}, open),
      reviewToken: Type.String(),
      grants: Type.Object({}, open),
    },
    open,
  ),
  summary: "Tells everything about one plugin: state, reasons, diagnostics and what it registered.",
  idempotent: true,
  handler: async ({ services }, { pluginId }) => {
    const inspection = await services.plugins.inspect(pluginId);
    const record = services.plugins.records().find(({ id }) => id === inspection?.plugin.id);
    if (!inspection || !record) {
      throw new SluiceError<ErrorCode>("INVALID_REQUEST", `unknown plugin: ${pluginId}`, {
        details: { pluginId },
      });
    }
    const { contributions, policy, mcpServers, cliCommands, typedHooks, bundle } = inspection;
    const installed = services.installs.find(record.id);
    const { state: _state, status, reason, error, ...entry } = catalogEntry(inspection.plugin, installed);
    const of = (kind: string) => contributions[kind] ?? [];
    const hooks = [...new Set([...of("hook"), ...typedHooks.map(({ name }) => name)])];
    return {
      ...inspection,
      ok: true as const,
      plugin: { ...inspection.plugin, ...entry },
      declared: {
        channels: of("channel"),
        providers: of("provider"),
        tools: of("tool"),
        contracts: Object.keys(contributions),
        hooks,
        mcpServers,
        cliCommands,
        cliBackends: of("cliBackend"),
        skills: [],
        dangerousConfigFlags: [],
      },
      components: {
        mapped: inspection.bundleCapabilities,
        skills: [],
        mcpServers,
        commands: inspection.commands,
        hooks,
        lspServers: inspection.lspServers,
        unavailable: { capabilities: bundle?.notExecuted ?? [], mcpServers: [], lspServers: [] },
      },
      ...(sourceOf(record.origin, installed) ?? {}),
      reviewToken: createHash("sha256")
        .update(JSON.stringify([record.id, record.version, record.source]))
        .digest("hex"),
      grants: {
        hooks: {
          allowPromptInjection: { effective: policy.allowPromptInjection },
          allowConversationAccess: {
            effective: policy.allowConversationAccess ?? record.origin === "bundled",
          },
        },
      },
      runtime: { status, reason, ...(error === undefined ? {} : { error }), contributions },
      ...(installed ? { install: installed } : {}),
    };
  },
});

/** Where a plugin came from, as far as it is known. */
function sourceOf(origin: PluginRecord["origin"], installed: InstallRecord | undefined) {
  if (origin === "bundled") return { source: { kind: "bundled" } };
  if (!installed) return undefined;
  const { source, spec, packageName, integrity } = installed;
  return {
    source: {
      kind: source,
      spec,
      ...(packageName === undefined ? {} : { packageName }),
      integrity,
      integrityKind: "ssri",
    },
  };
}

export default [list, inspect] satisfies MethodGroup;
