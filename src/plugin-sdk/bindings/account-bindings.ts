import type { ChannelConfig } from "../../contracts/channel.ts";
import { normalizeAccountId } from "../accounts/account-ids.ts";
import { hostMemory } from "../ambient/memory.ts";
import { resolveAgentIdFromSessionKey } from "../routing.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";
import { normalizeOptionalString } from "../values/strings.ts";
import {
  type BindSessionInput,
  registerSessionBindingAdapter,
  type SessionBindingAdapter,
  type SessionBindingRecord,
  unregisterSessionBindingAdapter,
} from "./session-bindings.ts";
import {
  resolveThreadBindingConversationIdFromBindingId,
  resolveThreadBindingIdleTimeoutMsForChannel,
  resolveThreadBindingMaxAgeMsForChannel,
} from "./thread-bindings.ts";

/** Bindings that one account keeps; the one that was used longest ago goes first. */
export const MAX_BINDINGS_PER_ACCOUNT = 1_000;

type SessionTargetKind = "session" | "subagent";

export interface AccountConversationBinding<Kind extends string = string> {
  accountId: string;
  conversationId: string;
  targetKind: Kind;
  targetSessionKey: string;
  agentId?: string;
  label?: string;
  boundBy?: string;
  /** Milliseconds since 1970, as the next one. */
  boundAt: number;
  lastActivityAt: number;
}

export interface AccountBindingManagerParams<Kind extends string> {
  channel: string;
  cfg: ChannelConfig;
  /** Names the memory: callers with the same key and account share a manager. */
  stateKey: symbol;
  accountId?: string | null;
  toStoredTargetKind(kind: SessionTargetKind): Kind;
  toSessionBindingTargetKind(kind: Kind): SessionTargetKind;
}

/** The conversations of one running channel account that belong to chosen sessions. */
export interface AccountScopedConversationBindingManager<Kind extends string = string> {
  readonly accountId: string;
  getByConversationId(conversationId: string): AccountConversationBinding<Kind> | undefined;
  listBySessionKey(targetSessionKey: string): AccountConversationBinding<Kind>[];
  /** `null` without a conversation or a session. */
  bindConversation(params: {
    conversationId: string;
    targetKind: SessionTargetKind;
    targetSessionKey: string;
    metadata?: Record<string, unknown>;
  }): AccountConversationBinding<Kind> | null;
  touchConversation(conversationId: string, at?: number): AccountConversationBinding<Kind> | null;
  unbindConversation(conversationId: string): AccountConversationBinding<Kind> | null;
  unbindBySessionKey(targetSessionKey: string): AccountConversationBinding<Kind>[];
  /** Forgets all bindings and withdraws from the service. */
  stop(): void;
}

/** Managers of running accounts, by state key and account. Bounded by the accounts that run. */
function managers(): Map<symbol, Map<string, AccountBindings<string>>> {
  return hostMemory("account-binding-managers", () => new Map());
}

/**
 * Keeps an account's bindings in memory while it runs, and offers them to the session binding service. A second
 * call for the same account gives the manager that is there. Bindings end after the idle time and age that
 * `threadBindings` of the configuration say.
 */
export function createAccountScopedConversationBindingManager<Kind extends string>(
  params: AccountBindingManagerParams<Kind>,
): AccountScopedConversationBindingManager<Kind> {
  const all = managers();
  const known = all.get(params.stateKey) ?? new Map<string, AccountBindings<string>>();
  all.set(params.stateKey, known);
  const accountId = normalizeAccountId(params.accountId);
  const existing = known.get(accountId);
  if (existing) return existing as unknown as AccountBindings<Kind>;
  const made = new AccountBindings<Kind>(params, () => {
    known.delete(accountId);
    if (known.size === 0 && all.get(params.stateKey) === known) all.delete(params.stateKey);
  });
  known.set(accountId, made as unknown as AccountBindings<string>);
  return made;
}

/** For tests of a plugin: stops every manager of a state key. */
export function resetAccountScopedConversationBindingsForTests(params: { stateKey: symbol }): void {
  for (const manager of [...(managers().get(params.stateKey)?.values() ?? [])]) manager.stop();
}

class AccountBindings<Kind extends string> implements AccountScopedConversationBindingManager<Kind> {
  readonly accountId: string;
  readonly #params: AccountBindingManagerParams<Kind>;
  readonly #idleMs: number;
  readonly #maxAgeMs: number;
  readonly #bindings = new Map<string, AccountConversationBinding<Kind>>();
  readonly #adapter: SessionBindingAdapter;
  readonly #onStop: () => void;

  constructor(params: AccountBindingManagerParams<Kind>, onStop: () => void) {
    this.accountId = normalizeAccountId(params.accountId);
    this.#params = params;
    this.#onStop = onStop;
    const account = { cfg: params.cfg, channel: params.channel, accountId: this.accountId };
    this.#idleMs = resolveThreadBindingIdleTimeoutMsForChannel(account);
    this.#maxAgeMs = resolveThreadBindingMaxAgeMsForChannel(account);
    this.#adapter = this.#asAdapter();
    registerSessionBindingAdapter(this.#adapter);
  }

  getByConversationId = (conversationId: string): AccountConversationBinding<Kind> | undefined => {
    const binding = this.#bindings.get(conversationId.trim());
    if (!binding) return undefined;
    const endsAt = this.#endOf(binding);
    if (endsAt === undefined || endsAt > Date.now()) return binding;
    this.#bindings.delete(binding.conversationId);
    return undefined;
  };

  listBySessionKey = (targetSessionKey: string): AccountConversationBinding<Kind>[] =>
    [...this.#bindings.values()].filter(
      (binding) =>
        binding.targetSessionKey === targetSessionKey.trim() &&
        this.getByConversationId(binding.conversationId) !== undefined,
    );

  bindConversation: AccountScopedConversationBindingManager<Kind>["bindConversation"] = (given) => {
    const conversationId = given.conversationId.trim();
    const targetSessionKey = given.targetSessionKey.trim();
    if (conversationId === "" || targetSessionKey === "") return null;
    const before = this.getByConversationId(conversationId);
    const stated = (name: "agentId" | "label" | "boundBy") =>
      normalizeOptionalString(given.metadata?.[name]) ?? before?.[name];
    const agentId = stated("agentId") ?? resolveAgentIdFromSessionKey(targetSessionKey);
    const label = stated("label");
    const boundBy = stated("boundBy");
    const now = Date.now();
    return this.#keep({
      accountId: this.accountId,
      conversationId,
      targetKind: this.#params.toStoredTargetKind(given.targetKind),
      targetSessionKey,
      agentId,
      ...(label === undefined ? {} : { label }),
      ...(boundBy === undefined ? {} : { boundBy }),
      boundAt: now,
      lastActivityAt: now,
    });
  };

  touchConversation = (conversationId: string, at = Date.now()): AccountConversationBinding<Kind> | null => {
    const binding = this.getByConversationId(conversationId);
    return binding ? this.#keep({ ...binding, lastActivityAt: at }) : null;
  };

  unbindConversation = (conversationId: string): AccountConversationBinding<Kind> | null => {
    const binding = this.#bindings.get(conversationId.trim());
    if (!binding) return null;
    this.#bindings.delete(binding.conversationId);
    return binding;
  };

  unbindBySessionKey = (targetSessionKey: string): AccountConversationBinding<Kind>[] => {
    const gone = [...this.#bindings.values()].filter(
      (binding) => binding.targetSessionKey === targetSessionKey.trim(),
    );
    for (const { conversationId } of gone) this.#bindings.delete(conversationId);
    return gone;
  };

  stop = (): void => {
    this.#bindings.clear();
    unregisterSessionBindingAdapter({
      channel: this.#params.channel,
      accountId: this.accountId,
      adapter: this.#adapter,
    });
    this.#onStop();
  };

  #keep(binding: AccountConversationBinding<Kind>): AccountConversationBinding<Kind> {
    this.#bindings.delete(binding.conversationId);
    this.#bindings.set(binding.conversationId, binding);
    pruneMapToMaxSize(this.#bindings, MAX_BINDINGS_PER_ACCOUNT);
    return binding;
  }

  #endOf({ boundAt, lastActivityAt }: AccountConversationBinding<Kind>): number | undefined {
    const ends = [
      ...(this.#idleMs > 0 ? [lastActivityAt + this.#idleMs] : []),
      ...(this.#maxAgeMs > 0 ? [boundAt + this.#maxAgeMs] : []),
    ];
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  #asRecord(binding: AccountConversationBinding<Kind>): SessionBindingRecord {
    const { accountId, conversationId, targetKind, targetSessionKey, boundAt, ...more } = binding;
    const expiresAt = this.#endOf(binding);
    return {
      bindingId: `${accountId}:${conversationId}`,
      targetSessionKey,
      targetKind: this.#params.toSessionBindingTargetKind(targetKind),
      conversation: { channel: this.#params.channel, accountId, conversationId },
      status: "active",
      boundAt,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      metadata: { ...more, idleTimeoutMs: this.#idleMs, maxAgeMs: this.#maxAgeMs },
    };
  }

  #asAdapter(): SessionBindingAdapter {
    const { channel } = this.#params;
    const conversationOf = (bindingId: string | undefined) =>
      resolveThreadBindingConversationIdFromBindingId({
        accountId: this.accountId,
        ...(bindingId === undefined ? {} : { bindingId }),
      });
    return {
      channel,
      accountId: this.accountId,
      capabilities: { placements: ["current"] },
      bind: async (input: BindSessionInput) => {
        if (input.placement === "child" || input.conversation.channel !== channel) return null;
        const { conversationId } = input.conversation;
        const bound = this.bindConversation({ ...input, conversationId });
        return bound && this.#asRecord(bound);
      },
      listBySession: (key) => this.listBySessionKey(key).map((binding) => this.#asRecord(binding)),
      resolveByConversation: (conversation) => {
        if (conversation.channel !== channel) return null;
        const found = this.getByConversationId(conversation.conversationId);
        return found ? this.#asRecord(found) : null;
      },
      touch: (bindingId, at) => {
        const conversationId = conversationOf(bindingId);
        if (conversationId !== undefined) this.touchConversation(conversationId, at);
      },
      unbind: async ({ bindingId, targetSessionKey }) => {
        if (targetSessionKey?.trim()) {
          return this.unbindBySessionKey(targetSessionKey).map((binding) => this.#asRecord(binding));
        }
        const conversationId = conversationOf(bindingId);
        const gone = conversationId === undefined ? null : this.unbindConversation(conversationId);
        return gone ? [this.#asRecord(gone)] : [];
      },
    };
  }
}
