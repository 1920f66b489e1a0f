import type { SdkConversations } from "../../contracts/sdk-conversations.ts";
import type {
  InteractiveCallback,
  InteractiveOutcome,
  SdkInteractive,
} from "../../contracts/sdk-services.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import { callbackConversation } from "./conversations.ts";

/** One press of a button is handled once within this time (spec 3.12). */
export const CALLBACK_DEDUPE_MS = 300_000;
/** Presses that are remembered; the oldest are forgotten first. */
export const MAX_REMEMBERED_CALLBACKS = 4_096;

interface Registered {
  handler(context: Record<string, unknown>): unknown;
}

/** Brings pressed buttons and chosen menu entries to the plugin that owns their namespace. */
export class InteractiveCallbacks implements SdkInteractive {
  readonly #registry: RegistryReader;
  readonly #clock: Clock;
  readonly #conversations: SdkConversations;
  readonly #claims = new Map<string, number>();

  constructor(registry: RegistryReader, clock: Clock, conversations: SdkConversations) {
    this.#registry = registry;
    this.#clock = clock;
    this.#conversations = conversations;
  }

  async dispatch(callback: InteractiveCallback): Promise<InteractiveOutcome> {
    const colon = callback.data.indexOf(":");
    const namespace = colon < 0 ? callback.data : callback.data.slice(0, colon);
    const payload = colon < 0 ? "" : callback.data.slice(colon + 1);
    const channel = callback.channel.trim().toLowerCase();
    const entry = this.#registry.current().get<Registered>("interactiveHandler", `${channel}:${namespace}`);
    if (!entry) return { matched: false, handled: false, duplicate: false };
    const dedupeId = callback.dedupeId?.trim();
    const claim = dedupeId ? `${channel}:${entry.pluginId}:${dedupeId}` : undefined;
    if (claim && !this.#claim(claim)) return { matched: true, handled: true, duplicate: true };
    try {
      await callback.onMatched?.();
      const { pluginId, value } = entry;
      // Whoever builds the context, the handler may ask for its conversation.
      const registration = {
        ...value,
        handler: (context: Record<string, unknown>) => value.handler(this.#withCalls(pluginId, context)),
      };
      const result = await (callback.invoke
        ? callback.invoke({ registration, namespace, payload })
        : registration.handler(callback.context?.({ namespace, payload, pluginId }) ?? {}));
      const refused =
        typeof result === "object" && result !== null && "handled" in result && result.handled === false;
      return { matched: true, handled: !refused, duplicate: false, result };
    } catch (error) {
      // Whoever presses again gets another try.
      if (claim) this.#claims.delete(claim);
      throw error;
    }
  }

  #withCalls(pluginId: string, context: Record<string, unknown>): Record<string, unknown> {
    const { senderId } = context;
    const sender = typeof senderId === "string" ? senderId : undefined;
    return { ...context, ...this.#conversations.callsFor(pluginId, callbackConversation(context), sender) };
  }

  #claim(key: string): boolean {
    const now = this.#clock.now();
    const until = this.#claims.get(key);
    if (until !== undefined && until > now) return false;
    this.#claims.delete(key);
    this.#claims.set(key, now + CALLBACK_DEDUPE_MS);
    for (const [old, expiry] of this.#claims) {
      if (expiry > now && this.#claims.size <= MAX_REMEMBERED_CALLBACKS) break;
      this.#claims.delete(old);
    }
    return true;
  }
}
