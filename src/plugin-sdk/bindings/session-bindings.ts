import type { ConversationRef, PluginConversationBinding } from "../../contracts/conversation-binding.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { currentHost } from "../ambient/host.ts";
import { hostMemory } from "../ambient/memory.ts";
import { isRecord } from "../values/records.ts";

export type BindingPlacement = "current" | "child";

/** A conversation that belongs to a session other than the one routing would choose. */
export interface SessionBindingRecord {
  bindingId: string;
  targetSessionKey: string;
  targetKind: "session" | "subagent";
  conversation: ConversationRef;
  status: "active" | "ending" | "ended";
  boundAt: number;
  expiresAt?: number;
  metadata?: Record<string, unknown>;
}

export interface BindSessionInput {
  targetSessionKey: string;
  targetKind: "session" | "subagent";
  conversation: ConversationRef;
  placement?: BindingPlacement;
  metadata?: Record<string, unknown>;
  ttlMs?: number;
}

interface UnbindInput {
  bindingId?: string;
  targetSessionKey?: string;
  reason: string;
}

/** How a channel account keeps its bindings; registered while the account runs. */
export interface SessionBindingAdapter {
  channel: string;
  accountId: string;
  capabilities?: { bindSupported?: boolean; unbindSupported?: boolean; placements?: BindingPlacement[] };
  bind?(input: BindSessionInput): Promise<SessionBindingRecord | null>;
  listBySession(targetSessionKey: string): SessionBindingRecord[];
  resolveByConversation(conversation: ConversationRef): SessionBindingRecord | null;
  touch?(bindingId: string, at?: number): void;
  unbind?(input: UnbindInput): Promise<SessionBindingRecord[]>;
}

type AccountRef = { channel: string; accountId?: string | null };

/** Adapters of running accounts, the newest of an account last. Bounded by the accounts that run. */
function adapters(): Map<string, SessionBindingAdapter[]> {
  return hostMemory("session-binding-adapters", () => new Map<string, SessionBindingAdapter[]>());
}

function keyOf({ channel, accountId }: AccountRef): string {
  return `${channel.trim().toLowerCase()}:${normalizeAccountId(accountId)}`;
}

function adapterOf(ref: AccountRef): SessionBindingAdapter | undefined {
  return adapters().get(keyOf(ref))?.at(-1);
}

export function registerSessionBindingAdapter(adapter: SessionBindingAdapter): void {
  const key = keyOf(adapter);
  const others = (adapters().get(key) ?? []).filter((one) => one !== adapter);
  adapters().set(key, [...others, adapter]);
}

/** Without an adapter: every adapter of the account. */
export function unregisterSessionBindingAdapter(
  params: AccountRef & { adapter?: SessionBindingAdapter },
): void {
  const key = keyOf(params);
  const rest = params.adapter ? (adapters().get(key) ?? []).filter((one) => one !== params.adapter) : [];
  if (rest.length > 0) adapters().set(key, rest);
  else adapters().delete(key);
}

/** Whether the one who keeps an account's bindings is there to be asked. */
export function isBindingOwnerAvailable(ref: AccountRef): boolean {
  if (adapterOf(ref)) return true;
  const plugin = currentHost()?.services?.channelPlugin(ref.channel);
  const declared = plugin?.conversationBindings as { bindingStore?: unknown } | undefined;
  return declared?.bindingStore !== "adapter";
}

/** A conversation that a plugin owns, in the form of a session binding. */
function pluginRecord(binding: PluginConversationBinding): SessionBindingRecord {
  const { bindingId, pluginId, pluginRoot, channel, accountId, conversationId, boundAt } = binding;
  const { parentConversationId, summary, detachHint, data } = binding;
  return {
    bindingId,
    targetSessionKey: `plugin-binding:${pluginId}:${bindingId}`,
    targetKind: "session",
    conversation: {
      channel,
      accountId,
      conversationId,
      ...(parentConversationId === undefined ? {} : { parentConversationId }),
    },
    status: "active",
    boundAt,
    metadata: {
      pluginBindingOwner: "plugin",
      pluginId,
      pluginRoot,
      ...(summary === undefined ? {} : { summary }),
      ...(detachHint === undefined ? {} : { detachHint }),
      ...(data === undefined ? {} : { data }),
    },
  };
}

export function isPluginOwnedSessionBindingRecord(record: unknown): boolean {
  return (
    isRecord(record) && isRecord(record["metadata"]) && record["metadata"]["pluginBindingOwner"] === "plugin"
  );
}

/** Why a binding could not be made. */
export class SessionBindingError extends Error {
  readonly code: "BINDING_ADAPTER_UNAVAILABLE" | "BINDING_CREATE_FAILED" | "BINDING_CAPABILITY_UNSUPPORTED";

  constructor(code: SessionBindingError["code"], message: string) {
    super(message);
    this.name = "SessionBindingError";
    this.code = code;
  }
}

/** Finds, makes and ends the bindings of all running accounts. */
export interface SessionBindingService {
  /** @throws SessionBindingError nobody keeps bindings of the account, or the one who does refused */
  bind(input: BindSessionInput): Promise<SessionBindingRecord>;
  getCapabilities(ref: AccountRef): {
    adapterAvailable: boolean;
    bindSupported: boolean;
    unbindSupported: boolean;
    placements: BindingPlacement[];
  };
  listBySession(targetSessionKey: string): SessionBindingRecord[];
  resolveByConversation(conversation: ConversationRef): SessionBindingRecord | null;
  touch(bindingId: string, at?: number): void;
  unbind(input: UnbindInput): Promise<SessionBindingRecord[]>;
}

const service: SessionBindingService = {
  async bind(input) {
    const { channel, accountId } = input.conversation;
    const adapter = adapterOf(input.conversation);
    const { placements, bindSupported } = service.getCapabilities(input.conversation);
    if (!adapter?.bind || !bindSupported) {
      throw new SessionBindingError(
        "BINDING_ADAPTER_UNAVAILABLE",
        `the ${channel} account "${accountId}" keeps no session bindings; is it running?`,
      );
    }
    const placement = input.placement ?? "current";
    if (!placements.includes(placement)) {
      throw new SessionBindingError(
        "BINDING_CAPABILITY_UNSUPPORTED",
        `${channel} cannot bind a conversation with placement "${placement}"`,
      );
    }
    const record = await adapter.bind({ ...input, placement });
    if (record) return record;
    throw new SessionBindingError("BINDING_CREATE_FAILED", `${channel} could not bind the conversation`);
  },
  getCapabilities(ref) {
    const adapter = adapterOf(ref);
    const { bindSupported, unbindSupported, placements } = adapter?.capabilities ?? {};
    const canBind = adapter?.bind !== undefined && bindSupported !== false;
    return {
      adapterAvailable: adapter !== undefined,
      bindSupported: canBind,
      unbindSupported: adapter?.unbind !== undefined && unbindSupported !== false,
      placements: placements ?? (canBind ? ["current", "child"] : []),
    };
  },
  listBySession(targetSessionKey) {
    const key = targetSessionKey.trim();
    if (key === "") return [];
    return [...adapters().values()].flatMap((list) => list.at(-1)?.listBySession(key) ?? []);
  },
  resolveByConversation(conversation) {
    const kept = adapterOf(conversation)?.resolveByConversation(conversation);
    if (kept) return kept;
    const accountId = normalizeAccountId(conversation.accountId);
    const owner = currentHost()?.services?.conversations.ownerOf({ ...conversation, accountId });
    return owner ? pluginRecord(owner) : null;
  },
  touch(bindingId, at) {
    for (const list of adapters().values()) list.at(-1)?.touch?.(bindingId, at);
  },
  async unbind(input) {
    const removed: SessionBindingRecord[] = [];
    for (const list of [...adapters().values()])
      removed.push(...((await list.at(-1)?.unbind?.(input)) ?? []));
    return removed;
  },
};

export function getSessionBindingService(): SessionBindingService {
  return service;
}
