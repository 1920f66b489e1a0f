import { Type } from "typebox";
import type { ControlUiDescriptor } from "../../contracts/capabilities.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { RegistryEntry } from "../../plugins/types.ts";
import { coversAll } from "../../protocol/scopes.ts";
import { runSessionAction } from "../../runtime/workflow/index.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { closed, open, Text } from "./shapes.ts";

const pluginPatch = method({
  name: "sessions.pluginPatch",
  scope: "operator.admin",
  params: Type.Object(
    {
      key: Text,
      agentId: Type.Optional(Text),
      pluginId: Text,
      namespace: Text,
      value: Type.Optional(Type.Unknown()),
      unset: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  result: Type.Object({ ok: Type.Literal(true), key: Type.String(), value: Type.Optional(Type.Unknown()) }),
  summary: "Sets or unsets one JSON value that a plugin keeps in a session.",
  idempotent: true,
  async handler({ services }, params) {
    const { pluginId, namespace, value, unset } = params;
    if ((unset === true) === (value !== undefined)) {
      throw new SluiceError("INVALID_REQUEST", "give exactly one of value and unset: true");
    }
    const { sessionKey } = services.sessions.key(params.key, params.agentId);
    const stored = await services.sessions.patchExtension(
      { sessionKey },
      { pluginId, namespace, ...(unset === true ? { unset } : { value }) },
    );
    return { ok: true as const, key: sessionKey, ...(stored === undefined ? {} : { value: stored }) };
  },
});

const sessionAction = method({
  name: "plugins.sessionAction",
  // The least; the action's own scopes are checked when it is known.
  scope: "operator.read",
  params: Type.Object(
    {
      pluginId: Text,
      actionId: Text,
      sessionKey: Type.Optional(Text),
      agentId: Type.Optional(Text),
      payload: Type.Optional(Type.Unknown()),
    },
    closed,
  ),
  result: Type.Object({ ok: Type.Boolean() }, open),
  summary: "Runs an action that a plugin offers on a session.",
  parks: true,
  handler({ services, caller }, params) {
    const { pluginId, actionId, agentId, payload } = params;
    const key = params.sessionKey === undefined ? {} : services.sessions.key(params.sessionKey, agentId);
    return runSessionAction(services, {
      pluginId,
      actionId,
      ...key,
      ...(agentId === undefined ? {} : { agentId }),
      ...(payload === undefined ? {} : { payload }),
      client: { connId: caller.connId, scopes: caller.scopes },
    });
  },
});

const uiDescriptors = method({
  name: "plugins.uiDescriptors",
  scope: "operator.read",
  params: Type.Object({}, closed),
  result: Type.Object(
    { ok: Type.Literal(true), generation: Type.Integer(), descriptors: Type.Array(Type.Object({}, open)) },
    open,
  ),
  summary: "Lists what plugins contribute to the control page, as far as the caller may see it.",
  idempotent: true,
  handler({ services, caller }) {
    const generation = services.registry.current();
    const entries = generation
      .list<ControlUiDescriptor>("controlUiDescriptor")
      .filter(({ value }) => coversAll(caller.scopes, value.requiredScopes ?? []));
    const of = (surface: string) => entries.filter(({ value }) => value.surface === surface).map(descriptor);
    return {
      ok: true as const,
      generation: generation.id,
      descriptors: entries.map(descriptor),
      methods: generation.list("gatewayMethod").map(({ key }) => key),
      controlUiTabs: of("tab"),
      controlUiWidgetKinds: of("widget"),
      controlUiLinkReaders: of("link-reader"),
      pluginSurfaceUrls: {},
    };
  },
});

function descriptor({ value, pluginId, pluginName }: RegistryEntry<ControlUiDescriptor>) {
  const { id, surface, label } = value;
  const optional: Record<string, unknown> = {};
  for (const field of FIELDS) if (value[field] !== undefined) optional[field] = value[field];
  return { id, pluginId, pluginName, surface, label, ...optional };
}

const FIELDS = [
  "description",
  "placement",
  "slug",
  "schema",
  "requiredScopes",
  "icon",
  "path",
  "group",
  "order",
  "linkReader",
] as const;

export default [pluginPatch, sessionAction, uiDescriptors] satisfies MethodGroup;
