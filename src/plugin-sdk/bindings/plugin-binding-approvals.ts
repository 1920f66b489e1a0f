import type { SdkBindingResolution } from "../../contracts/sdk-conversations.ts";
import { requireServices } from "../ambient/host.ts";
import { type ApprovalDecision, endedLabel } from "../approvals/decisions.ts";

const PREFIX = "pluginbind";
const DECISIONS: Record<string, ApprovalDecision> = { o: "allow-once", a: "allow-always", d: "deny" };

/** The data of a button that decides a plugin's request for a conversation. */
export function buildPluginBindingApprovalCustomId(approvalId: string, decision: ApprovalDecision): string {
  const letter = decision === "deny" ? "d" : decision === "allow-always" ? "a" : "o";
  return `${PREFIX}:${encodeURIComponent(approvalId)}:${letter}`;
}

/** What such a button decides; `null` for other data. */
export function parsePluginBindingApprovalCustomId(
  data: string | undefined | null,
): { approvalId: string; decision: ApprovalDecision } | null {
  const match = /^pluginbind:([^:]+):([oad])$/.exec(data?.trim() ?? "");
  const decision = DECISIONS[match?.[2] ?? ""];
  if (!match || !decision) return null;
  try {
    return { approvalId: decodeURIComponent(match[1] as string), decision };
  } catch {
    return null;
  }
}

/** Decides a plugin's request for a conversation. The first decision counts. */
export async function resolvePluginConversationBindingApproval(params: {
  approvalId: string;
  decision: ApprovalDecision;
  senderId?: string;
}): Promise<SdkBindingResolution> {
  return requireServices("resolvePluginConversationBindingApproval").conversations.resolveBinding(params);
}

/** How such a request ended, for people. */
export function buildPluginBindingResolvedText(resolved: SdkBindingResolution): string {
  if (resolved.status === "expired") return "This request has ended already.";
  const who = resolved.pluginId ?? "The plugin";
  const hint = resolved.status === "approved" && resolved.detachHint ? ` ${resolved.detachHint}` : "";
  return resolved.status === "approved"
    ? `${endedLabel(resolved.decision)}: ${who} answers this conversation.${hint}`
    : `Denied: ${who} does not answer this conversation.`;
}
