import { isRecord } from "../values/records.ts";
import {
  type ApprovalDecision,
  type DecidableKind,
  isApprovalDecision,
  isDecidableKind,
  readDecisions,
} from "./decisions.ts";

/** The reaction that stands for a decision. */
export interface ApprovalReactionBinding {
  decision: ApprovalDecision;
  emoji: string;
  label: string;
}

/** An approval that a message shows. */
export interface ApprovalReactionTarget {
  approvalId: string;
  approvalKind: DecidableKind;
  allowedDecisions: ApprovalDecision[];
}

const BINDINGS: readonly ApprovalReactionBinding[] = [
  { decision: "allow-once", emoji: "👍", label: "Allow once" },
  { decision: "allow-always", emoji: "♾️", label: "Allow always" },
  { decision: "deny", emoji: "👎", label: "Deny" },
];
const HINT = "React with:";

/** The reactions of the decisions on offer, in the order they are shown. */
export function listApprovalReactionBindings(params: {
  allowedDecisions?: readonly string[];
}): ApprovalReactionBinding[] {
  const allowed = params.allowedDecisions ?? BINDINGS.map(({ decision }) => decision);
  return BINDINGS.filter(({ decision }) => allowed.includes(decision)).map((binding) => ({ ...binding }));
}

/** The lines that say which reaction decides what; empty when nothing may be decided. */
export function reactionHint(allowedDecisions: readonly string[] | undefined): string {
  const lines = listApprovalReactionBindings(allowedDecisions ? { allowedDecisions } : {}).map(
    ({ emoji, label }) => `${emoji} ${label}`,
  );
  return lines.length === 0 ? "" : [HINT, ...lines].join("\n");
}

/** The same; `null` when nothing may be decided. */
export function buildApprovalReactionHint(params: { allowedDecisions?: readonly string[] }): string | null {
  return reactionHint(params.allowedDecisions) || null;
}

/** A decision as people and older messages write it: `allow` for once, `always`, `deny`; `null` for other words. */
export function normalizeApprovalReactionDecision(value: string | null | undefined): ApprovalDecision | null {
  const word = value?.trim().toLowerCase() ?? "";
  if (isApprovalDecision(word)) return word;
  if (word === "allow" || word === "once") return "allow-once";
  return word === "always" ? "allow-always" : null;
}

export function hasApprovalReactionHintText(text: string | undefined | null): boolean {
  return (text ?? "").split(/\r?\n/).some((line) => line.trim().toLowerCase() === HINT.toLowerCase());
}

/** Says below a text how reactions decide; a text that says so already stays as it is. */
export function addApprovalReactionHintToText(params: {
  text: string;
  allowedDecisions?: readonly string[];
}): string {
  const hint = reactionHint(params.allowedDecisions);
  if (hint === "" || hasApprovalReactionHintText(params.text)) return params.text;
  return `${params.text.trimEnd()}\n\n${hint}`;
}

/** A list of decisions without repeats; `null` when it is empty or holds anything else. */
export function readApprovalReactionDecisionList(list: unknown): ApprovalDecision[] | null {
  const decisions = readDecisions(list);
  return decisions && decisions.length > 0 && new Set(decisions).size === decisions.length ? decisions : null;
}

export function approvalReactionDecisionSetsMatch(
  left: readonly string[],
  right: readonly string[],
): boolean {
  return new Set(left).size === new Set(right).size && left.every((decision) => right.includes(decision));
}

/** What a store kept of a target, checked; `null` for anything else. */
export function readApprovalReactionTargetRecord(value: unknown): ApprovalReactionTarget | null {
  if (!isRecord(value)) return null;
  const approvalId = typeof value["approvalId"] === "string" ? value["approvalId"].trim() : "";
  const approvalKind = value["approvalKind"];
  const allowedDecisions = readApprovalReactionDecisionList(value["allowedDecisions"]);
  if (approvalId === "" || !isDecidableKind(approvalKind) || !allowedDecisions) return null;
  return { approvalId, approvalKind, allowedDecisions };
}

/** What a reaction to a message decides; `null` when it decides nothing there. */
export function resolveTypedApprovalReactionTarget<Target extends ApprovalReactionTarget>(params: {
  target: Target | null | undefined;
  reactionKey: string;
}): (Target & { decision: ApprovalDecision }) | null {
  const { target, reactionKey } = params;
  if (!target) return null;
  const wanted = plainEmoji(reactionKey);
  const binding = listApprovalReactionBindings(target).find(({ emoji }) => plainEmoji(emoji) === wanted);
  return binding ? { ...target, decision: binding.decision } : null;
}

/** Platforms add skin tones and presentation selectors, or leave them out. */
function plainEmoji(text: string): string {
  return text.trim().replace(/[\u{FE0E}\u{FE0F}\u{1F3FB}-\u{1F3FF}]/gu, "");
}

/** What a delivered message carries until its platform id is known. */
export function buildApprovalReactionDeliveredBindingMarker(binding: ApprovalReactionTarget) {
  const { approvalId, approvalKind, allowedDecisions } = binding;
  return { version: 1, approvalId, approvalKind, allowedDecisions: [...allowedDecisions] };
}

export function readApprovalReactionDeliveredBinding(params: {
  payload: { channelData?: unknown };
  channelDataKey: string;
}): ApprovalReactionTarget | null {
  const data = params.payload.channelData;
  const marker = isRecord(data) ? data[params.channelDataKey] : undefined;
  return isRecord(marker) && marker["version"] === 1 ? readApprovalReactionTargetRecord(marker) : null;
}

/** The one approval that the buttons of a message decide; `null` when they are about several or none. */
export function readApprovalReactionPresentationBinding(params: {
  payload?: { presentation?: unknown };
  presentation?: unknown;
}): ApprovalReactionTarget | null {
  const presentation = params.presentation ?? params.payload?.presentation;
  const blocks =
    isRecord(presentation) && Array.isArray(presentation["blocks"]) ? presentation["blocks"] : [];
  const actions = blocks
    .flatMap((block: unknown) => (isRecord(block) && Array.isArray(block["buttons"]) ? block["buttons"] : []))
    .map((button: unknown) => (isRecord(button) ? button["action"] : undefined))
    .filter((action): action is Record<string, unknown> => isRecord(action) && action["type"] === "approval");
  const first = actions[0];
  const same = actions.every(
    (action) =>
      action["approvalId"] === first?.["approvalId"] && action["approvalKind"] === first?.["approvalKind"],
  );
  if (!first || !same) return null;
  return readApprovalReactionTargetRecord({
    ...first,
    allowedDecisions: actions.map((action) => action["decision"]),
  });
}
