import { isAbsolute } from "node:path";
import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { InstallReview, PackageSource, PluginChange } from "../../plugins/install/index.ts";
import { parseSource } from "../../plugins/install/index.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import type { GatewayServices } from "../services.ts";
import { catalogEntry } from "./plugin-entry.ts";
import { closed, open } from "./shapes.ts";

const Id = Type.String({ minLength: 1, maxLength: 256 });
const Text = Type.String({ minLength: 1, maxLength: 4_096 });

/** Most plugins one call reloads (spec 5.14). */
const MAX_RELOADED = 64;

const Agreement = {
  acknowledgeInstallPolicyWarning: Type.Optional(Type.Boolean()),
  /** The token of the review that a first call answered with. */
  acknowledgeCapabilities: Type.Optional(Type.Object({ reviewToken: Text }, closed)),
  /** Agrees to whatever the manifest claims, without reading it. */
  acceptCapabilities: Type.Optional(Type.Boolean()),
  mode: Type.Optional(Type.Union([Type.Literal("install"), Type.Literal("update")])),
  force: Type.Optional(Type.Boolean()),
  expectedPluginId: Type.Optional(Id),
  expectedIntegrity: Type.Optional(Text),
};

const InstallParams = Type.Union([
  Type.Object(
    { source: Type.Literal("npm"), spec: Text, pin: Type.Optional(Type.Boolean()), ...Agreement },
    closed,
  ),
  Type.Object({ source: Type.Literal("npm-pack"), archivePath: Text, ...Agreement }, closed),
  Type.Object(
    { source: Type.Literal("local"), path: Text, link: Type.Optional(Type.Boolean()), ...Agreement },
    closed,
  ),
  /** What an installed plugin came from, asked again. */
  Type.Object({ source: Type.Literal("recorded"), pluginId: Id, ...Agreement }, closed),
]);

interface InstallCall {
  source: "npm" | "npm-pack" | "local" | "recorded";
  spec?: string;
  archivePath?: string;
  path?: string;
  link?: boolean;
  pluginId?: string;
  acknowledgeInstallPolicyWarning?: boolean;
  acknowledgeCapabilities?: { reviewToken: string };
  acceptCapabilities?: boolean;
  force?: boolean;
  expectedPluginId?: string;
  expectedIntegrity?: string;
}

const Changed = Type.Object(
  {
    ok: Type.Literal(true),
    pluginId: Type.String(),
    changed: Type.Boolean(),
    message: Type.String(),
    restartRequired: Type.Literal(false),
    runtime: Type.Object({ operationId: Type.String(), generation: Type.Integer() }, open),
  },
  open,
);

const install = method({
  name: "plugins.install",
  scope: "operator.admin",
  params: InstallParams,
  result: Changed,
  summary:
    "Installs or updates a plugin from npm, a tarball or a folder of the gateway's machine; the first call answers with what it claims.",
  idempotent: true,
  parks: true,
  handler: async ({ services }, params) => {
    const call = params as InstallCall;
    const { installer } = services;
    const token = call.acknowledgeCapabilities?.reviewToken;
    const request = {
      consent: (review: InstallReview) => call.acceptCapabilities === true || token === review.reviewToken,
      acknowledgePolicyWarning: call.acknowledgeInstallPolicyWarning ?? false,
      force: call.force ?? false,
      ...(call.expectedPluginId === undefined ? {} : { expectedPluginId: call.expectedPluginId }),
      ...(call.expectedIntegrity === undefined ? {} : { expectedIntegrity: call.expectedIntegrity }),
    };
    const change =
      call.source === "recorded"
        ? await installer.update(call.pluginId ?? "", request)
        : await installer.install({ ...request, source: await sourceOf(call, services) });
    return answer(services, change);
  },
});

async function sourceOf(call: InstallCall, services: GatewayServices): Promise<PackageSource> {
  const cwd = services.facts.stateDir;
  if (call.source === "npm") return parseSource(`npm:${call.spec ?? ""}`, { cwd });
  const path = (call.source === "local" ? call.path : call.archivePath) ?? "";
  if (!isAbsolute(path)) {
    throw new SluiceError<ErrorCode>(
      "INVALID_REQUEST",
      `${path} is not an absolute path on the gateway's machine`,
    );
  }
  return parseSource(`file:${path}`, { cwd, ...(call.link ? { link: true } : {}) });
}

const uninstall = method({
  name: "plugins.uninstall",
  scope: "operator.admin",
  params: Type.Object(
    {
      pluginId: Id,
      /** Keep `plugins.entries.<id>.config`. */
      keepConfig: Type.Optional(Type.Boolean()),
      /** Remove the settings of its channels too. */
      purgeChannels: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  result: Changed,
  summary: "Removes an installed plugin: its files, its record and its settings.",
  idempotent: true,
  parks: true,
  handler: async ({ services }, { pluginId, keepConfig = false, purgeChannels = false }) => {
    const change = await services.installer.uninstall(pluginId, { keepConfig, purgeChannels });
    return { ...answer(services, change), removed: change.configPaths };
  },
});

const setEnabled = method({
  name: "plugins.setEnabled",
  scope: "operator.admin",
  params: Type.Object(
    {
      pluginId: Id,
      enabled: Type.Boolean(),
      /** Leaves `plugins.allow` as it is, where the plugin would be added otherwise. */
      allowlistPolicy: Type.Optional(Type.Literal("preserve")),
      acknowledgeCapabilities: Type.Optional(Type.Object({ reviewToken: Text }, closed)),
    },
    closed,
  ),
  result: Changed,
  summary: "Turns a plugin on or off in the configuration, at once and for good.",
  idempotent: true,
  parks: true,
  handler: async ({ services }, { pluginId, enabled, allowlistPolicy }) =>
    answer(services, await services.installer.setEnabled(pluginId, enabled, allowlistPolicy)),
});

const reload = method({
  name: "plugins.reload",
  scope: "operator.admin",
  params: Type.Union([
    Type.Object({ pluginIds: Type.Array(Id, { minItems: 1, maxItems: MAX_RELOADED }) }, closed),
    Type.Object(
      {
        plugins: Type.Array(Type.Object({ pluginId: Id }, open), { minItems: 1, maxItems: MAX_RELOADED }),
        acknowledgeCapabilities: Type.Optional(Type.Object({ reviewToken: Text }, closed)),
      },
      closed,
    ),
  ]),
  result: Type.Object(
    { ok: Type.Literal(true), pluginIds: Type.Array(Type.String()), restartRequired: Type.Literal(false) },
    open,
  ),
  summary: "Loads the code of running plugins anew; one that fails to load goes on as it was.",
  parks: true,
  handler: async ({ services }, params) => {
    const named = params as { pluginIds?: string[]; plugins?: { pluginId: string }[] };
    const pluginIds = [...new Set(named.pluginIds ?? named.plugins?.map(({ pluginId }) => pluginId) ?? [])];
    for (const id of pluginIds) await services.plugins.reload(id);
    return {
      ok: true as const,
      pluginIds,
      restartRequired: false as const,
      runtime: runtimeOf(services, pluginIds),
    };
  },
});

const refresh = method({
  name: "plugins.refresh",
  scope: "operator.admin",
  params: Type.Object({}, closed),
  result: Type.Object({ ok: Type.Literal(true) }, open),
  summary: "Looks at the plugin folders again and follows what changed in them.",
  idempotent: true,
  parks: true,
  handler: async ({ services }) => {
    await services.plugins.applyConfig();
    return { ok: true as const, restartRequired: false as const, runtime: runtimeOf(services, []) };
  },
});

function answer(services: GatewayServices, change: PluginChange) {
  const { pluginId, pluginIds, changed, message, warnings, record, configPaths } = change;
  const plugin = services.plugins.records().find(({ id }) => id === pluginIds[0]);
  return {
    ok: true as const,
    pluginId,
    pluginIds,
    changed,
    message,
    restartRequired: false as const,
    runtime: runtimeOf(services, pluginIds),
    warnings,
    configPaths,
    ...(plugin ? { plugin: catalogEntry(plugin, services.installs.find(plugin.id)) } : {}),
    ...(record ? { record } : {}),
  };
}

function runtimeOf(services: GatewayServices, pluginIds: readonly string[]) {
  return { operationId: newUuid(), generation: services.registry.current().id, pluginIds };
}

export default [install, uninstall, setEnabled, reload, refresh] satisfies MethodGroup;
