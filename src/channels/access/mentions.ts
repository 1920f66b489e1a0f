import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecord, asRecordList, asText } from "../config-values.ts";
import { defaultAgentId } from "../routing/agent-route.ts";
import { normalizeId } from "../routing/session-key.ts";

/** Who is being talked to (spec 1.18.9). */

export type ImplicitMentionKind = "reply_to_bot" | "quoted_bot" | "bot_thread_participant" | "native";

const ALL_KINDS: readonly ImplicitMentionKind[] = [
  "reply_to_bot",
  "quoted_bot",
  "bot_thread_participant",
  "native",
];

export interface MentionFacts {
  canDetectMention: boolean;
  wasMentioned: boolean;
  hasAnyMention?: boolean;
  implicitMentionKinds?: readonly ImplicitMentionKind[];
}

export interface MentionPolicy {
  isGroup: boolean;
  requireMention: boolean;
  allowTextCommands: boolean;
  hasControlCommand: boolean;
  commandAuthorized: boolean;
  allowedImplicitMentionKinds?: readonly ImplicitMentionKind[];
  implicitMentions?: { replyToBot?: boolean; quotedBot?: boolean; threadParticipation?: boolean };
}

export interface MentionDecision {
  effectiveWasMentioned: boolean;
  shouldSkip: boolean;
  implicitMention: boolean;
  matchedImplicitMentionKinds: ImplicitMentionKind[];
  shouldBypassMention: boolean;
}

/** Takes `{ facts, policy }`, or the same fields flat. */
export function resolveInboundMentionDecision(
  input: { facts: MentionFacts; policy: MentionPolicy } | (MentionFacts & MentionPolicy),
): MentionDecision {
  const facts: MentionFacts = "facts" in input ? input.facts : input;
  const policy: MentionPolicy = "policy" in input ? input.policy : input;
  const allowed = policy.allowedImplicitMentionKinds ?? kindsOf(policy.implicitMentions);
  const matched = [...new Set(facts.implicitMentionKinds ?? [])].filter((kind) => allowed.includes(kind));
  const implicit = matched.length > 0;
  const bypass =
    policy.isGroup &&
    policy.requireMention &&
    !facts.wasMentioned &&
    !facts.hasAnyMention &&
    policy.allowTextCommands &&
    policy.commandAuthorized &&
    policy.hasControlCommand;
  const effective = facts.wasMentioned || implicit || bypass;
  return {
    effectiveWasMentioned: effective,
    shouldSkip: policy.requireMention && facts.canDetectMention && !effective,
    implicitMention: implicit,
    matchedImplicitMentionKinds: matched,
    shouldBypassMention: bypass,
  };
}

function kindsOf(flags: MentionPolicy["implicitMentions"]): readonly ImplicitMentionKind[] {
  if (!flags) return ALL_KINDS;
  const off = new Set<ImplicitMentionKind>();
  if (flags.replyToBot === false) off.add("reply_to_bot");
  if (flags.quotedBot === false) off.add("quoted_bot");
  if (flags.threadParticipation === false) off.add("bot_thread_participant");
  return ALL_KINDS.filter((kind) => !off.has(kind));
}

export function implicitMentionKindWhen(kind: ImplicitMentionKind, enabled: boolean): ImplicitMentionKind[] {
  return enabled ? [kind] : [];
}

/** Longest configured pattern that is compiled. */
export const MAX_MENTION_PATTERN_LENGTH = 256;

/**
 * The patterns by which an agent is addressed: its own list if it has one (even empty), else the shared
 * list, else its name. Invalid patterns and those that could run away are left out and reported once.
 */
export function buildMentionRegexes(
  cfg: ChannelConfig,
  agentId?: string,
  options: { onSkipped?(pattern: string): void; [extra: string]: unknown } = {},
): RegExp[] {
  const agents = asRecordList(asRecord(cfg["agents"])["list"]);
  const wanted = normalizeId(agentId, defaultAgentId(cfg));
  const agent = agents.find((candidate) => normalizeId(asText(candidate["id"]), "") === wanted);
  const own = asRecord(agent?.["groupChat"])["mentionPatterns"];
  const shared = asRecord(asRecord(cfg["messages"])["groupChat"])["mentionPatterns"];
  const configured = Array.isArray(own) ? own : Array.isArray(shared) ? shared : undefined;
  if (configured) return compileMentionPatterns(configured.map(String), options.onSkipped);
  const identity = asRecord(agent?.["identity"]);
  const names = [asText(identity["name"]), asText(identity["emoji"])].filter((name) => name?.trim());
  return names.map((name) => mentionRegexOfName(name as string));
}

export function compileMentionPatterns(
  patterns: readonly string[],
  onSkipped?: (pattern: string) => void,
): RegExp[] {
  const compiled: RegExp[] = [];
  for (const pattern of patterns) {
    try {
      if (pattern.trim() === "" || pattern.length > MAX_MENTION_PATTERN_LENGTH || canRunAway(pattern)) {
        throw new SyntaxError("refused");
      }
      compiled.push(new RegExp(pattern, needsUnicode(pattern) ? "iu" : "i"));
    } catch {
      onSkipped?.(pattern);
    }
  }
  return compiled;
}

/** A repeated group that itself repeats or alternates can take exponential time. */
function canRunAway(pattern: string): boolean {
  return /\((?:[^()\\]|\\.)*[+*|}](?:[^()\\]|\\.)*\)\s*(?:[+*]|\{\d*,\d*\})/.test(pattern);
}

function needsUnicode(pattern: string): boolean {
  return /\\p\{|[^\p{ASCII}]/u.test(pattern);
}

/** A name with an optional `@`, any inner white space, and nothing of a word on either side. */
export function mentionRegexOfName(name: string): RegExp {
  const inner = name
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
    .join("\\s+");
  return new RegExp(`(?<![\\p{L}\\p{N}_])@?${inner}(?![\\p{L}\\p{N}_])`, "iu");
}

/** Text as patterns see it: without zero-width characters, in lower case. */
export function normalizeMentionText(text: string): string {
  return text.replace(/\u200B|\u200C|\u200D|\u2060|\uFEFF/g, "").toLowerCase();
}

export function matchesMentionPatterns(text: string | undefined, patterns: readonly RegExp[]): boolean {
  const clean = normalizeMentionText(text ?? "");
  return clean !== "" && patterns.some((pattern) => clean.search(pattern) >= 0);
}

export interface ExplicitMentionInput {
  text?: string;
  mentionRegexes: readonly RegExp[];
  explicit?: { hasAnyMention?: boolean; isExplicitlyMentioned?: boolean; canResolveExplicit?: boolean };
  transcript?: string;
}

/**
 * Newer call: one object, gives a boolean. Older call: `(text, { mentionRegexes?, mentionPatterns? })`,
 * gives `{ matched }`.
 */
export function matchesMentionWithExplicit(input: ExplicitMentionInput): boolean;
export function matchesMentionWithExplicit(
  text: string,
  options: { mentionRegexes?: readonly RegExp[]; mentionPatterns?: readonly string[] },
): { matched: boolean };
export function matchesMentionWithExplicit(
  input: ExplicitMentionInput | string,
  options: { mentionRegexes?: readonly RegExp[]; mentionPatterns?: readonly string[] } = {},
): boolean | { matched: boolean } {
  if (typeof input === "string") {
    const patterns = [
      ...(options.mentionRegexes ?? []),
      ...compileMentionPatterns(options.mentionPatterns ?? []),
    ];
    return { matched: matchesMentionPatterns(input, patterns) };
  }
  if (input.explicit?.isExplicitlyMentioned) return true;
  const text = input.text?.trim() ? input.text : input.transcript;
  return matchesMentionPatterns(text, input.mentionRegexes);
}
