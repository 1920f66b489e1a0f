import type { ChannelConfig } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import { newSortableId } from "../../kernel/ids.ts";
import type { ReplyPlanner } from "../../runtime/agent/index.ts";
import type { DeliveryTarget, OutboxDraft, OutboxMedia, TurnOutcome } from "../../store/records.ts";
import { asRecord, asText, channelAccountConfig } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { parseReplyDirectives, takeMediaLines } from "../text/directives.ts";
import { chunkForChannel } from "./chunk-plan.ts";
import type { LiveReplies } from "./live-replies.ts";

/** Accounts of turns that were planned and whose commit is awaited; bounded by the oldest going. */
export const MAX_PLANNED_RUNS = 10_000;

/** Cuts a turn's answer into outbox rows, before the transaction that ends the turn inserts them. */
export class ChannelReplyPlanner implements ReplyPlanner {
  readonly #channels: ChannelDirectory;
  readonly #config: () => ChannelConfig;
  readonly #live: LiveReplies;
  readonly #clock: Clock;
  readonly #alreadySaid: (runId: string, to: string, text: string) => boolean;
  readonly #targets = new Map<string, DeliveryTarget>();

  constructor(parts: {
    channels: ChannelDirectory;
    config(): ChannelConfig;
    live: LiveReplies;
    clock: Clock;
    alreadySaid?(runId: string, to: string, text: string): boolean;
  }) {
    this.#channels = parts.channels;
    this.#config = parts.config;
    this.#live = parts.live;
    this.#clock = parts.clock;
    this.#alreadySaid = parts.alreadySaid ?? (() => false);
  }

  plan(target: DeliveryTarget, outcome: TurnOutcome): OutboxDraft[] {
    const cfg = this.#config();
    const plugin = this.#channels.get(target.channel);
    const isLive = this.#live.has(outcome.runId);
    const prefix = isLive ? this.#live.prefixOf(outcome.runId) : responsePrefix(cfg, target, outcome);
    const drafts: OutboxDraft[] = [];
    for (const [index, payload] of outcome.payloads.entries()) {
      const { text: words, mediaUrls } = takeMediaLines(payload.text);
      const reply = parseReplyDirectives(words);
      const media = mediaOf([...(payload.mediaUrls ?? []), ...mediaUrls], reply.audioAsVoice);
      if (reply.text.trim() === "" && !media) continue;
      // The turn said exactly this there by itself, with the message tool.
      if (!media && this.#alreadySaid(outcome.runId, target.to, reply.text)) continue;
      const text = prefix === undefined || reply.text === "" ? reply.text : `${prefix} ${reply.text}`;
      const sanitized =
        plugin?.outbound?.sanitizeText?.({ text, payload: { text }, cfg, accountId: target.accountId }) ??
        text;
      // A plugin that delivers itself cuts itself; if it dies first, the pump cuts before the adapter sends.
      const chunks =
        isLive && sanitized !== "" ? [sanitized] : chunkForChannel(sanitized, plugin, cfg, target.accountId);
      if (chunks.length === 0 && !media) continue;
      const draft: OutboxDraft = {
        outboxId: newSortableId(this.#clock.now()),
        idempotencyKey: `run:${outcome.runId}:${index}`,
        channel: target.channel,
        accountId: target.accountId,
        to: target.to,
        sessionKey: outcome.sessionKey,
        runId: outcome.runId,
        chunks,
      };
      if (chunks.length > 1) draft.content = sanitized;
      if (media) draft.media = media;
      if (target.threadId !== undefined) draft.threadId = target.threadId;
      const replyToId = this.#replyTo(target, reply.replyTo, cfg);
      if (replyToId !== undefined) draft.replyToId = replyToId;
      drafts.push(draft);
    }
    this.#remember(outcome.runId, target);
    this.#live.planned(outcome.runId, drafts.length);
    return drafts;
  }

  /** The account that a finished turn has rows for; forgets the run. */
  takeTarget(runId: string): DeliveryTarget | undefined {
    const target = this.#targets.get(runId);
    this.#targets.delete(runId);
    return target;
  }

  #replyTo(target: DeliveryTarget, tag: string | undefined, cfg: ChannelConfig): string | undefined {
    const mode =
      this.#channels
        .get(target.channel)
        ?.threading?.resolveReplyToMode?.({ cfg, accountId: target.accountId }) ?? "first";
    if (mode === "off") return undefined;
    return tag === undefined || tag === "current" ? target.replyToId : tag;
  }

  #remember(runId: string, target: DeliveryTarget): void {
    this.#targets.set(runId, target);
    if (this.#targets.size <= MAX_PLANNED_RUNS) return;
    const oldest = this.#targets.keys().next();
    if (!oldest.done) this.#targets.delete(oldest.value);
  }
}

/** `responsePrefix` of the account or of `messages`, with its variables filled in. */
export function responsePrefix(
  cfg: ChannelConfig,
  target: { channel: string; accountId: string },
  outcome: Pick<TurnOutcome, "model" | "provider">,
): string | undefined {
  const settings = channelAccountConfig(cfg, target.channel, target.accountId);
  const raw = asText(settings["responsePrefix"]) ?? asText(asRecord(cfg["messages"])["responsePrefix"]);
  if (!raw) return undefined;
  return raw.replace(/\{(model|provider)\}/g, (_match, name: "model" | "provider") => outcome[name] ?? "");
}

function mediaOf(urls: readonly string[], audioAsVoice: boolean | undefined): OutboxMedia | undefined {
  if (urls.length === 0) return undefined;
  return { urls: [...urls], ...(audioAsVoice ? { audioAsVoice } : {}) };
}
