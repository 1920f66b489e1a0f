import type { SessionAttachment, SessionAttachmentResult } from "../contracts/capabilities.ts";
import type { ChannelAccountSnapshot } from "../contracts/channel.ts";
import type {
  ChannelRuntime,
  InboundMessage,
  InboundResult,
  IngressQueue,
} from "../contracts/channel-runtime.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { ReplyPlanner } from "../runtime/agent/index.ts";
import type { OutboxRecord } from "../store/procedures/outbox-rows.ts";

export interface ChannelStatus {
  id: string;
  label: string;
  defaultAccountId: string;
  accounts: ChannelAccountSnapshot[];
}

export interface PairingApproval {
  senderId: string;
  accountId: string;
  notification: "not-requested" | "sent" | "unsupported" | "failed";
}

export interface SendRequest {
  channel: string;
  accountId?: string;
  /** A target as people type it. */
  to: string;
  text: string;
  threadId?: string;
  replyToId?: string;
  sessionKey?: string;
  idempotencyKey: string;
}

export interface ChannelService extends Disposable {
  readonly runtime: ChannelRuntime;
  readonly planner: ReplyPlanner;
  /** Takes up what an earlier process left, starts the accounts and the pump. */
  start(): Promise<{ resumed: number; requeued: number; unknown: string[] }>;
  /** Refuses new messages and finishes deciding about those that were recorded. The first step of a stop. */
  stopIntake(): Promise<void>;
  /** Refuses new messages and waits up to `limitMs` for those on their way; the rest stays in the rows. */
  drain(limitMs: number): Promise<void>;
  status(): ChannelStatus[];
  /** Records a message that came in. */
  receive(message: InboundMessage): Promise<InboundResult>;
  /** Queues a message; durable when it resolves. */
  send(request: SendRequest): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }>;
  /** `api.session.workflow.sendSessionAttachment` of one plugin. */
  sendAttachment(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult>;
  /** Resolves when an outbox row is settled, or with its present state after `timeoutMs`. */
  awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined>;
  replayInbound(inboxId: string): Promise<InboundResult | undefined>;
  replayOutbound(outboxId: string, options?: { fromStart?: boolean }): Promise<OutboxRecord | undefined>;
  /** Lets waiting messages go before their pause is over; those `when-due` are only looked at again. */
  hastenOutbound(choose: (row: OutboxRecord) => "now" | "when-due" | "leave"): Promise<number>;
  startAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot>;
  stopAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot>;
  /** Approves a pairing code and tells the sender where the channel can. */
  approvePairing(params: {
    channel: string;
    accountId?: string;
    code: string;
    /** Default true. */
    notify?: boolean;
  }): Promise<PairingApproval | undefined>;
  /** Whether a channel can tell a sender about an approval. */
  tellsApproval(channel: string): boolean;
  /** `api.runtime.state.openChannelIngressQueue` of one plugin: bound to the channel it registered. */
  openIngressQueue(
    pluginId: string,
    options: { accountId?: string | null; now?: () => number },
  ): IngressQueue;
  onStatusChange(listener: (channel: string, snapshot: ChannelAccountSnapshot) => void): Disposable;
}
