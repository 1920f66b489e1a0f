import type { SessionAttachment, SessionAttachmentResult } from "../contracts/capabilities.ts";
import type { ChannelAccountSnapshot, ChannelConfig } from "../contracts/channel.ts";
import type {
  ChannelRuntime,
  InboundMessage,
  InboundResult,
  IngressQueue,
} from "../contracts/channel-runtime.ts";
import { withDeadline } from "../kernel/deadline.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { Emitter } from "../kernel/emitter.ts";
import { isSluiceError } from "../kernel/errors.ts";
import { Scope } from "../kernel/scope.ts";
import type { ReplyPlanner } from "../runtime/agent/index.ts";
import type { ApprovalEvent } from "../runtime/workflow/index.ts";
import type { OutboxRecord } from "../store/procedures/outbox-rows.ts";
import { accountsToRestart } from "./accounts/config-changes.ts";
import {
  type AccountStatus,
  assembleChannels,
  type ChannelParts,
  type ChannelServiceParts,
} from "./assemble.ts";
import { openIngressQueue } from "./runtime/ingress-queue.ts";
import type { ChannelService, ChannelStatus, PairingApproval, SendRequest } from "./types.ts";

export type { ChannelServiceParts } from "./assemble.ts";

const RESUMING = "taking up messages of an earlier process";

/** A start waits this long for messages of an earlier process; whatever a plugin does with them, others come in. */
export const RESUME_WAIT_MS = 10_000;

export function createChannelService(parts: ChannelServiceParts): ChannelService {
  return new Channels(parts);
}

class Channels implements ChannelService {
  readonly runtime: ChannelRuntime;
  readonly planner: ReplyPlanner;
  readonly #given: ChannelServiceParts;
  readonly #parts: ChannelParts;
  readonly #scope = new Scope("channels");
  readonly #status: Emitter<AccountStatus>;

  constructor(given: ChannelServiceParts) {
    const logger = given.logger.child("channels");
    this.#given = given;
    this.#status = new Emitter((error) => logger.warn("a listener of channel accounts failed", { error }));
    this.#parts = assembleChannels(given, (status) => this.#status.emit(status));
    this.runtime = this.#parts.runtime;
    this.planner = given.foundation.planner;
    if (given.rooms) {
      const show = (event: ApprovalEvent) =>
        void this.#parts.desk
          .showQuestion(event)
          .catch((error: unknown) => logger.error("an approval could not be shown in its chat", { error }));
      this.#scope.use(given.rooms.approvals.onEvent(show), "approval prompts");
    }
  }

  async start(): Promise<{ resumed: number; requeued: number; unknown: string[] }> {
    const { registry, config, agent, foundation } = this.#given;
    this.#scope.use(
      agent.onFinished((outcome) => {
        foundation.live.finished(outcome);
        foundation.messageTool.forget(outcome.runId);
        const target = foundation.planner.takeTarget(outcome.runId);
        if (target) this.#parts.pump.poke(target.channel, target.accountId);
      }),
      "turn listener",
    );
    this.#scope.use(
      registry.onChange(() => void this.#parts.accounts.reconcile()),
      "registry listener",
    );
    this.#scope.use(
      config.onChange((next, previous) => void this.#configChanged(next.config, previous.config)),
      "config listener",
    );
    const recovered = await this.#parts.pump.start();
    const resumed = await this.#resumed();
    await this.#parts.accounts.reconcile();
    this.#parts.retention.start();
    return { resumed, ...recovered };
  }

  /** Messages taken up again; those that take long are taken up beside the new ones. */
  async #resumed(): Promise<number> {
    const { clock, logger } = this.#given;
    const resuming = this.#parts.pipeline.resume();
    try {
      return (await withDeadline(resuming, RESUME_WAIT_MS, RESUMING, clock)).resumed;
    } catch (error) {
      if (!isSluiceError(error) || error.code !== "TIMEOUT") throw error;
      logger.warn("messages of an earlier process are still being taken up", { waitedMs: RESUME_WAIT_MS });
      resuming.catch((failure: unknown) =>
        logger.error("messages of an earlier process could not be taken up", { error: failure }),
      );
      return 0;
    }
  }

  stopIntake(): Promise<void> {
    return this.#parts.pipeline.drain();
  }

  async drain(limitMs: number): Promise<void> {
    await this.#parts.pipeline.drain();
    await this.#parts.pump.drain(limitMs);
  }

  async dispose(): Promise<void> {
    this.#parts.retention.dispose();
    await this.#scope.dispose();
    await this.#parts.accounts.dispose();
    await this.#parts.pipeline.dispose();
    await this.#parts.pump.dispose();
  }

  status(): ChannelStatus[] {
    return this.#parts.operations.status();
  }

  receive(message: InboundMessage): Promise<InboundResult> {
    return this.#parts.pipeline.receive(message);
  }

  send(
    request: SendRequest,
  ): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }> {
    return this.#parts.operations.send(request);
  }

  sendAttachment(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult> {
    return this.#parts.attachments.send(pluginId, attachment);
  }

  awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined> {
    return this.#parts.operations.awaitDelivery(outboxId, timeoutMs);
  }

  replayInbound(inboxId: string): Promise<InboundResult | undefined> {
    return this.#parts.pipeline.replay(inboxId);
  }

  replayOutbound(outboxId: string, options?: { fromStart?: boolean }): Promise<OutboxRecord | undefined> {
    return this.#parts.operations.replayOutbound(outboxId, options);
  }

  hastenOutbound(choose: (row: OutboxRecord) => "now" | "when-due" | "leave"): Promise<number> {
    return this.#parts.operations.hastenOutbound(choose);
  }

  startAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    return this.#parts.operations.startAccount(channel, accountId);
  }

  stopAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    return this.#parts.operations.stopAccount(channel, accountId);
  }

  approvePairing(
    params: Parameters<ChannelService["approvePairing"]>[0],
  ): Promise<PairingApproval | undefined> {
    return this.#parts.operations.approvePairing(params);
  }

  tellsApproval(channel: string): boolean {
    return this.#parts.operations.tellsApproval(channel);
  }

  openIngressQueue(
    pluginId: string,
    options: { accountId?: string | null; now?: () => number },
  ): IngressQueue {
    const { store, clock, registry } = this.#given;
    const own = registry
      .current()
      .ofPlugin(pluginId)
      .find((entry) => entry.kind === "channel");
    // A plugin may open its queue before its channel is in force; by convention both have one id.
    return openIngressQueue({ store, clock }, { channel: own?.key ?? pluginId, ...options });
  }

  onStatusChange(listener: (channel: string, snapshot: ChannelAccountSnapshot) => void): Disposable {
    return this.#status.on(({ channel, snapshot }) => listener(channel, snapshot));
  }

  #configChanged(next: ChannelConfig, previous: ChannelConfig): Promise<void> {
    const restarts = new Map(
      this.#given.foundation.directory
        .list()
        .map((plugin) => [plugin.id, accountsToRestart(plugin, previous, next)]),
    );
    return this.#parts.accounts.reconcile((channel, accountId) => {
      const which = restarts.get(channel);
      return which === "all" || (which instanceof Set && which.has(accountId));
    });
  }
}
