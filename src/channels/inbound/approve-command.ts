import type { ApprovalDecision } from "../../contracts/hooks.ts";

/** An answer to a question of a plugin, typed in a chat. */
export interface ApproveCommand {
  /** The approval's id or the beginning of it. */
  id: string;
  decision: ApprovalDecision;
}

const APPROVE = /^\/approve(?:@\S+)?\s+(\S+)\s+(allow-once|allow-always|once|always|allow|deny)$/i;

/** Reads `/approve <id> allow-once|allow-always|deny`; `undefined` for anything else. */
export function readApproveCommand(text: string | undefined): ApproveCommand | undefined {
  const match = APPROVE.exec((text ?? "").trim());
  if (!match) return undefined;
  const word = (match[2] as string).toLowerCase();
  const decision = word === "deny" ? "deny" : word.includes("always") ? "allow-always" : "allow-once";
  return { id: match[1] as string, decision };
}
