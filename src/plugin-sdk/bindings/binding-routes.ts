import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ConversationRef } from "../../contracts/conversation-binding.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { isRecord, readPath } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import {
  getSessionBindingService,
  isBindingOwnerAvailable,
  isPluginOwnedSessionBindingRecord,
  type SessionBindingRecord,
} from "./session-bindings.ts";

/** What the functions here need of a route; everything else goes through unchanged. */
interface Route {
  agentId: string;
  sessionKey: string;
  mainSessionKey?: string;
  [field: string]: unknown;
}

export interface RuntimeBindingRoute<R extends Route = Route> {
  route: R;
  bindingRecord: SessionBindingRecord | null;
  /** Whether the one who keeps the account's bindings could be asked. */
  bindingOwnerAvailable: boolean;
  /** The session that the conversation is bound to. */
  boundSessionKey?: string;
  boundAgentId?: string;
  /** The plugin that owns the conversation; its messages keep their route and are claimed. */
  pluginId?: string;
}

export interface ConversationBindingInspection {
  record: SessionBindingRecord | null;
  ownerAvailable: boolean;
}

/** The binding of a conversation as it stands, without counting as activity. */
export function inspectConversationBinding(conversation: ConversationRef): ConversationBindingInspection {
  return {
    record: getSessionBindingService().resolveByConversation(conversation),
    ownerAvailable: isBindingOwnerAvailable(conversation),
  };
}

/** The route of a message whose conversation may be bound. */
export function inspectRuntimeConversationBindingRoute<R extends Route>(params: {
  route: R;
  inspection: ConversationBindingInspection;
}): RuntimeBindingRoute<R> {
  const { route, inspection } = params;
  const { record, ownerAvailable: bindingOwnerAvailable } = inspection;
  if (!record) return { route, bindingRecord: null, bindingOwnerAvailable };
  const pluginId = record.metadata?.["pluginId"];
  if (isPluginOwnedSessionBindingRecord(record)) {
    return {
      route,
      bindingRecord: record,
      bindingOwnerAvailable: true,
      ...(typeof pluginId === "string" ? { pluginId } : {}),
    };
  }
  const boundSessionKey = record.targetSessionKey.trim();
  if (boundSessionKey === "") return { route, bindingRecord: record, bindingOwnerAvailable };
  const boundAgentId = agentOf(boundSessionKey) ?? route.agentId;
  return {
    route: {
      ...route,
      sessionKey: boundSessionKey,
      agentId: boundAgentId,
      lastRoutePolicy: boundSessionKey === route.mainSessionKey ? "main" : "session",
      matchedBy: "binding.channel",
    },
    bindingRecord: record,
    bindingOwnerAvailable: true,
    boundSessionKey,
    boundAgentId,
  };
}

/** The same, and the message counts as activity of the binding unless told otherwise. */
export function resolveRuntimeConversationBindingRoute<R extends Route>(params: {
  route: R;
  conversation: ConversationRef;
  /** Default true. */
  touchBinding?: boolean;
}): RuntimeBindingRoute<R> {
  const inspection = inspectConversationBinding(params.conversation);
  const { record } = inspection;
  if (record && params.touchBinding !== false) getSessionBindingService().touch(record.bindingId);
  return inspectRuntimeConversationBindingRoute({ route: params.route, inspection });
}

/** A conversation that the configuration gives to an external coding agent. */
export interface ConfiguredBinding {
  record: SessionBindingRecord;
  spec: { channel: string; accountId: string; conversationId: string; agentId: string };
}

/** The `type: "acp"` entry of `bindings` that names a conversation or its parent. */
export function resolveConfiguredAcpBindingRecord(
  params: { cfg: ChannelConfig } & ConversationRef,
): ConfiguredBinding | null {
  const channel = params.channel.trim().toLowerCase();
  const accountId = normalizeAccountId(params.accountId);
  const entries = readPath(params.cfg, ["bindings"]);
  for (const conversationId of [params.conversationId, params.parentConversationId]) {
    if (!conversationId) continue;
    const found = (Array.isArray(entries) ? entries : []).find((entry: unknown) => {
      if (!isRecord(entry) || entry["type"] !== "acp" || !isRecord(entry["match"])) return false;
      const { channel: on, accountId: account, peer } = entry["match"];
      if (typeof on !== "string" || on.trim().toLowerCase() !== channel) return false;
      if (account !== "*" && normalizeAccountId(account as string | undefined) !== accountId) return false;
      return isRecord(peer) && peer["id"] === conversationId;
    });
    if (!found) continue;
    const agentId = normalizeOptionalString(found["agentId"]) ?? "main";
    const spec = { channel, accountId, conversationId, agentId };
    const bindingId = `config:${channel}:${accountId}:${conversationId}`;
    return {
      spec,
      record: {
        bindingId,
        targetSessionKey: `agent:${agentId}:acp:binding:${channel}:${accountId}:${conversationId}`,
        targetKind: "session",
        conversation: { channel, accountId, conversationId },
        status: "active",
        boundAt: 0,
        metadata: { source: "config", agentId },
      },
    };
  }
  return null;
}

/** The route of a message whose conversation the configuration may bind. */
export function resolveConfiguredBindingRoute<R extends Route>(params: {
  cfg: ChannelConfig;
  route: R;
  conversation: ConversationRef;
}): {
  route: R;
  bindingResolution: ConfiguredBinding | null;
  boundSessionKey?: string;
  boundAgentId?: string;
} {
  const { cfg, route, conversation } = params;
  const bindingResolution = resolveConfiguredAcpBindingRecord({ cfg, ...conversation });
  if (!bindingResolution) return { route, bindingResolution: null };
  const boundSessionKey = bindingResolution.record.targetSessionKey;
  const boundAgentId = bindingResolution.spec.agentId;
  return {
    bindingResolution,
    boundSessionKey,
    boundAgentId,
    route: {
      ...route,
      sessionKey: boundSessionKey,
      agentId: boundAgentId,
      lastRoutePolicy: "session",
      matchedBy: "binding.channel",
    },
  };
}

/** Whether a configured binding can be used. This host runs no external coding agents, so none can. */
export async function ensureConfiguredBindingRouteReady(params: {
  cfg?: ChannelConfig;
  bindingResolution: ConfiguredBinding | null | undefined;
}): Promise<{ ok: true } | { ok: false; error: string }> {
  if (!params.bindingResolution) return { ok: true };
  return {
    ok: false,
    error:
      `the binding of ${params.bindingResolution.spec.conversationId} asks for an external coding agent ` +
      '(type "acp"), which this version does not run; remove it from "bindings"',
  };
}

function agentOf(sessionKey: string): string | undefined {
  return /^agent:([^:]+):./.exec(sessionKey)?.[1];
}
