import type { ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import type { InboundMessage } from "../../contracts/channel-runtime.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import { resolveGroupRule, resolveRequireMention } from "../access/groups.ts";
import {
  buildMentionRegexes,
  type ImplicitMentionKind,
  type MentionPolicy,
  matchesMentionPatterns,
  resolveInboundMentionDecision,
} from "../access/mentions.ts";
import {
  type AccessDecision,
  decideDmAccess,
  decideGroupAccess,
  matchesAny,
  parseDmPolicy,
} from "../access/policy.ts";
import { asIdList, channelAccountConfig } from "../config-values.ts";
import { isControlCommandMessage } from "./commands.ts";

/** Reason of a group message that was not for the agent; such rows are the next turn's history. */
export const NOT_MENTIONED = "not-mentioned";

export interface GateResult {
  access: AccessDecision;
  /** Set when the message is let in but does not ask the agent for anything. */
  skip?: typeof NOT_MENTIONED;
  wasMentioned: boolean;
  /** The sender may give the host commands. */
  commandAuthorized: boolean;
}

/** Decides whether a recorded message may start a turn: sender, group, mention (spec 1.7, 1.18.9). */
export class InboundGate {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #warned = new Set<string>();

  constructor(parts: { store: Store; logger: Logger }) {
    this.#store = parts.store;
    this.#logger = parts.logger;
  }

  async decide(message: InboundMessage, plugin: ChannelPlugin, cfg: ChannelConfig): Promise<GateResult> {
    return message.conversation.kind === "direct"
      ? this.#direct(message, plugin, cfg)
      : this.#group(message, plugin, cfg);
  }

  async #direct(message: InboundMessage, plugin: ChannelPlugin, cfg: ChannelConfig): Promise<GateResult> {
    const { accountId } = message;
    const account = plugin.config.resolveAccount(cfg, accountId);
    const stated = plugin.security?.resolveDmPolicy?.({ cfg, accountId, account });
    const settings = channelAccountConfig(cfg, plugin.id, accountId);
    const policy = parseDmPolicy(stated?.policy ?? settings["dmPolicy"]);
    const allowFrom = asIdList(stated?.allowFrom ?? settings["allowFrom"]);
    const normalize = stated?.normalizeEntry ?? normalizerOf(plugin);
    const senderIds = [message.sender.id, ...(message.sender.aliases ?? [])];
    if (policy === "allowlist" && allowFrom.length === 0) this.#warnEmpty(plugin.id, accountId);
    const approved =
      policy === "pairing"
        ? await this.#store.call.channelPairing.approvedAmong({
            channel: plugin.id,
            accountId,
            senderIds: senderIds.map(normalize),
          })
        : [];
    const access = decideDmAccess({ policy, allowFrom, approved, senderIds, normalize });
    const commandAuthorized =
      access.decision === "allow" && matchesAny([...allowFrom, ...approved], senderIds, normalize);
    return { access, wasMentioned: true, commandAuthorized };
  }

  async #group(message: InboundMessage, plugin: ChannelPlugin, cfg: ChannelConfig): Promise<GateResult> {
    const { accountId, sender } = message;
    const groupId = message.conversation.id;
    const rule = resolveGroupRule({ cfg, channel: plugin.id, groupId, accountId });
    const settings = channelAccountConfig(cfg, plugin.id, accountId);
    const senderIds = [sender.id, ...(sender.aliases ?? [])];
    const normalize = normalizerOf(plugin);
    const groupAllowFrom = asIdList(
      rule.entry["allowFrom"] ?? rule.entry["users"] ?? settings["groupAllowFrom"],
    );
    const access = decideGroupAccess({
      policy: rule.policy,
      groupListed: rule.listed || message.conversation.configured === true,
      groupAllowFrom,
      senderIds,
      normalize,
    });
    const owners = [...asIdList(settings["allowFrom"]), ...groupAllowFrom];
    const commandAuthorized = access.decision === "allow" && matchesAny(owners, senderIds, normalize);
    const requireMention =
      plugin.groups?.resolveRequireMention?.({ cfg, groupId, accountId, senderId: sender.id }) ??
      resolveRequireMention({ cfg, channel: plugin.id, groupId, accountId });
    const patterns = buildMentionRegexes(cfg, undefined, {
      onSkipped: (pattern) => this.#warnPattern(pattern),
    });
    const native = message.mention;
    const policy: MentionPolicy = {
      isGroup: true,
      requireMention,
      allowTextCommands: true,
      hasControlCommand: isControlCommandMessage(message.text),
      commandAuthorized,
    };
    const decision = resolveInboundMentionDecision({
      facts: {
        canDetectMention: native?.canDetect === true || patterns.length > 0,
        wasMentioned: native?.wasMentioned === true || matchesMentionPatterns(message.text, patterns),
        implicitMentionKinds: (native?.implicitKinds ?? []) as ImplicitMentionKind[],
      },
      policy,
    });
    const result: GateResult = {
      access,
      wasMentioned: decision.effectiveWasMentioned,
      commandAuthorized,
    };
    if (decision.shouldSkip) result.skip = NOT_MENTIONED;
    return result;
  }

  #warnEmpty(channel: string, accountId: string): void {
    const key = `${channel}\0${accountId}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#logger.warn(`${channel} account ${accountId}: the allowlist is empty, so nobody is let in`, {
      fix: `add sender ids to channels.${channel}.allowFrom, or set dmPolicy to "pairing"`,
    });
  }

  #warnPattern(pattern: string): void {
    if (this.#warned.has(pattern) || this.#warned.size > 1_000) return;
    this.#warned.add(pattern);
    this.#logger.warn("a mention pattern is invalid or could take too long, and is left out", { pattern });
  }
}

/** How a channel writes sender ids; used on both sides of every comparison and for what pairing stores. */
export function normalizerOf(plugin: ChannelPlugin): (entry: string) => string {
  const own = plugin.pairing?.normalizeAllowEntry;
  return (entry) => (own ? own(entry) : entry).trim().toLowerCase();
}
