import type {
  BindingRequestParams,
  BindingRequestResult,
  ConversationRef,
  PluginConversationBinding,
} from "../../contracts/conversation-binding.ts";
import type { ApprovalDecision } from "../../contracts/hooks.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import { pick } from "../../kernel/records.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import type { BindingRecord } from "../../store/procedures/conversation-bindings.ts";
import { DECISIONS, MAX_APPROVAL_DESCRIPTION, MAX_APPROVAL_TITLE } from "./approval-question.ts";
import { MAX_APPROVAL_TIMEOUT_MS, type PluginApprovals } from "./approvals.ts";
import { tellListeners } from "./binding-listeners.ts";
import { keyOf, keyText, shownBinding } from "./conversation-refs.ts";

/** Longest serialised `data` of a binding. */
export const MAX_BINDING_DATA_CHARS = 16_384;

/** Longest `summary` and `detachHint`. */
export const MAX_BINDING_TEXT = 500;

export interface ConversationBindingsOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  registry: Pick<RegistryReader, "current">;
  approvals: Pick<PluginApprovals, "request" | "cancel" | "onEvent">;
}

/** How a request for a conversation ended. */
export interface BindingOutcome {
  status: "approved" | "denied" | "expired";
  decision?: ApprovalDecision;
  pluginId?: string;
  summary?: string;
  detachHint?: string;
}

/** The plugin that asks. */
export interface BindingPlugin {
  pluginId: string;
  pluginName: string;
  rootDir: string;
}

/**
 * Conversations that plugins own (plugin-sdk spec 3.12). An operator agrees to each through an approval, unless
 * one allowed the plugin for good on that account. What is bound is in memory too, because every inbound
 * message asks; the rows are what counts after a restart.
 */
export class ConversationBindings implements Disposable {
  readonly #options: ConversationBindingsOptions;
  /** Bounded by the store's limit of bound conversations. */
  readonly #bound = new Map<string, BindingRecord>();
  readonly #approvals: Disposable;

  constructor(options: ConversationBindingsOptions) {
    this.#options = options;
    this.#approvals = options.approvals.onEvent((event) => {
      if (event.kind !== "resolved") return;
      this.#settle(event.id, event.decision).catch((error: unknown) =>
        // The row waits; the next start settles it from the approval.
        options.logger.error("a conversation binding could not be settled", { error: errorMessage(error) }),
      );
    });
  }

  /** Takes up what an earlier process left. */
  async restore(): Promise<void> {
    const { store } = this.#options;
    for (const record of await store.call.conversationBindings.bound({})) this.#remember(record);
    for (const { approvalId, decision } of await store.call.conversationBindings.unheard({})) {
      await this.#settle(approvalId, decision);
    }
  }

  /** The plugin's binding that a conversation belongs to. */
  ownerOf(conversation: ConversationRef): BindingRecord | undefined {
    if (this.#bound.size === 0) return undefined;
    return this.#bound.get(keyText(keyOf(conversation)));
  }

  /** Asks for a conversation; the operator may have to agree first. */
  async request(
    plugin: BindingPlugin,
    conversation: ConversationRef,
    params: BindingRequestParams & { requestedBySenderId?: string } = {},
  ): Promise<BindingRequestResult> {
    const { store, clock, approvals } = this.#options;
    const { summary, detachHint, data, requestedBySenderId } = params;
    const size = data === undefined ? 0 : (JSON.stringify(data)?.length ?? 0);
    if (size > MAX_BINDING_DATA_CHARS) {
      return failed(`the binding's data is longer than ${MAX_BINDING_DATA_CHARS} characters`);
    }
    const { parentConversationId } = conversation;
    const details = {
      ...(summary === undefined ? {} : { summary: String(summary).slice(0, MAX_BINDING_TEXT) }),
      ...(detachHint === undefined ? {} : { detachHint: String(detachHint).slice(0, MAX_BINDING_TEXT) }),
      ...(data === undefined ? {} : { data }),
      ...(parentConversationId === undefined ? {} : { parentConversationId }),
      ...(requestedBySenderId === undefined ? {} : { requestedBySenderId }),
    };
    const { pluginId, pluginName, rootDir: pluginRoot } = plugin;
    const bind = (approvalId?: string) =>
      store.call.conversationBindings.bind({
        bindingId: newUuid(),
        pluginId,
        pluginRoot,
        ...keyOf(conversation),
        details,
        ...(approvalId === undefined ? {} : { approvalId }),
        now: clock.now(),
      });
    const first = await bind();
    if (first.outcome === "bound") return this.#boundResult(first.record);
    if (first.outcome !== "ask") return failed(REFUSALS[first.outcome as "taken" | "full"]);
    const approval = await approvals.request(
      {
        pluginId,
        title: `Let ${pluginName} answer this conversation?`.slice(0, MAX_APPROVAL_TITLE),
        description: (details.summary ?? "").slice(0, MAX_APPROVAL_DESCRIPTION),
        severity: "warning",
        allowedDecisions: DECISIONS,
      },
      MAX_APPROVAL_TIMEOUT_MS,
      // The plugin shows the question itself, with the reply it is given.
      { routed: true },
    );
    if (!approval.open) return failed("too many approvals are open; try again later");
    const second = await bind(approval.id);
    if (second.outcome === "pending") {
      return {
        status: "pending",
        approvalId: approval.id,
        reply: { text: questionText(plugin, approval.id, details.summary) },
      };
    }
    await approvals.cancel(approval.id);
    if (second.outcome === "bound") return this.#boundResult(second.record);
    return failed(REFUSALS[second.outcome as "taken" | "full"]);
  }

  /** How a request for a conversation ended, once its approval has. */
  async outcomeOf(approvalId: string): Promise<BindingOutcome> {
    const { store } = this.#options;
    const record = await store.call.approvals.get({ id: approvalId });
    // Not waiting for the event of the approval: whoever decided wants to know now.
    if (record && record.status !== "pending") await this.#settle(approvalId, record.decision ?? null);
    const binding = await store.call.conversationBindings.ofApproval({ approvalId });
    if (!binding || binding.status === "pending" || binding.status === "expired")
      return { status: "expired" };
    return {
      status: binding.status === "denied" ? "denied" : "approved",
      pluginId: binding.pluginId,
      ...(binding.decision === undefined ? {} : { decision: binding.decision as ApprovalDecision }),
      ...pick(binding.details, ["summary", "detachHint"]),
    };
  }

  /** Gives a conversation back; without a plugin id whoever owns it. */
  async detach(conversation: ConversationRef, pluginId?: string): Promise<{ removed: boolean }> {
    const { store, clock } = this.#options;
    const removed = await store.call.conversationBindings.detach({
      ...keyOf(conversation),
      ...(pluginId === undefined ? {} : { pluginId }),
      now: clock.now(),
    });
    if (removed) this.#bound.delete(keyText(removed));
    return { removed: removed !== undefined };
  }

  /** A plugin's own binding of a conversation. */
  current(pluginId: string, conversation: ConversationRef): PluginConversationBinding | null {
    const owner = this.ownerOf(conversation);
    return owner?.pluginId === pluginId ? shownBinding(owner) : null;
  }

  /** The three calls of a plugin's command or interactive handler; without a conversation they refuse. */
  callsFor(plugin: BindingPlugin, conversation: ConversationRef | undefined, senderId?: string) {
    return {
      requestConversationBinding: async (params: BindingRequestParams = {}): Promise<BindingRequestResult> =>
        conversation
          ? this.request(plugin, conversation, {
              ...params,
              ...(senderId === undefined ? {} : { requestedBySenderId: senderId }),
            })
          : failed("only conversations of chat channels can be bound"),
      detachConversationBinding: async (): Promise<{ removed: boolean }> =>
        conversation ? this.detach(conversation, plugin.pluginId) : { removed: false },
      getCurrentConversationBinding: async (): Promise<PluginConversationBinding | null> =>
        conversation ? this.current(plugin.pluginId, conversation) : null,
    };
  }

  dispose(): void {
    void this.#approvals.dispose();
  }

  async #settle(approvalId: string, decision: ApprovalDecision | null): Promise<void> {
    const { store, clock } = this.#options;
    const record = await store.call.conversationBindings.settle({ approvalId, decision, now: clock.now() });
    if (!record) return;
    if (record.status === "bound") this.#remember(record);
    if (decision !== null) tellListeners(this.#options, record, decision);
  }

  #boundResult(record: BindingRecord): BindingRequestResult {
    this.#remember(record);
    return { status: "bound", binding: shownBinding(record) };
  }

  #remember(record: BindingRecord): void {
    this.#bound.set(keyText(record), record);
  }
}

const REFUSALS = {
  taken: "another plugin owns this conversation; detach it there first",
  full: "too many conversations are bound; detach one first",
} as const;

function failed(message: string): BindingRequestResult {
  return { status: "error", message };
}

function questionText(
  { pluginName }: BindingPlugin,
  approvalId: string,
  summary: string | undefined,
): string {
  const what = summary === undefined ? "" : `\n${summary}`;
  return `${pluginName} asks to answer this conversation.${what}\nAnswer with /approve ${approvalId} allow-once, allow-always or deny.`;
}
