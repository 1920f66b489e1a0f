import { normalizeId } from "../../channels/routing/session-key.ts";
import type { ContextVisibilityMode } from "../context-visibility-runtime.ts";
import { asOptionalRecord, readPath, withoutUndefined } from "../values/records.ts";

/** What a message asks of the agent: an answer, or only its attention. */
export type InboundEventKind = "user_request" | "room_event";

/** What becomes of group messages that address nobody: the agent's own setting, the shared one, a request. */
export function resolveUnmentionedGroupInboundPolicy(params: {
  cfg: object;
  agentId?: string;
}): InboundEventKind {
  const list = readPath(params.cfg, ["agents", "list"]);
  const wanted = normalizeId(params.agentId, "main");
  const agent = (Array.isArray(list) ? list : [])
    .map(asOptionalRecord)
    .find((entry) => typeof entry?.["id"] === "string" && normalizeId(entry["id"], "") === wanted);
  const stated = [agent, readPath(params.cfg, ["messages"])].map((layer) =>
    readPath(layer, ["groupChat", "unmentionedInbound"]),
  );
  return stated.find((value) => value !== undefined) === "room_event" ? "room_event" : "user_request";
}

/** Only an unaddressed message of a group can be a room event; commands and requests to stop never are. */
export function classifyChannelInboundEvent(params: {
  conversation: { kind?: string };
  unmentionedGroupPolicy?: InboundEventKind;
  wasMentioned?: boolean;
  hasControlCommand?: boolean;
  hasAbortRequest?: boolean;
  commandSource?: string;
}): InboundEventKind {
  const isGroup = params.conversation.kind === "group" || params.conversation.kind === "channel";
  const isAddressed =
    params.wasMentioned === true ||
    params.hasControlCommand === true ||
    params.hasAbortRequest === true ||
    params.commandSource === "native";
  return isGroup && !isAddressed && params.unmentionedGroupPolicy === "room_event"
    ? "room_event"
    : "user_request";
}

export interface CommandTurn {
  kind: "native" | "text-slash" | "normal";
  source: "native" | "text" | "message";
  authorized: boolean;
  commandName?: string;
  body?: string;
}

/** The `CommandTurn` of a message context: how a command came in, and whether its sender may give it. */
export function createCommandTurnContext(
  source: CommandTurn["source"],
  fields: { authorized?: boolean; commandName?: string; body?: string } = {},
): CommandTurn {
  const named = /^[/!]([\p{L}\p{N}_-]+)/u.exec(fields.body?.trim() ?? "")?.[1]?.toLowerCase();
  const commandName = fields.commandName ?? (source === "message" ? undefined : named);
  return withoutUndefined({
    kind: source === "native" ? "native" : source === "text" ? "text-slash" : "normal",
    source,
    authorized: source === "message" ? false : fields.authorized === true,
    commandName,
    body: fields.body,
  }) as CommandTurn;
}

/** The quoted message as far as the model may see it, or nothing (spec 1.7). */
export function filterChannelInboundQuoteContext<Quote extends { senderAllowed?: boolean }>(
  mode: ContextVisibilityMode,
  quote: Quote | null | undefined,
): Quote | undefined {
  if (!quote) return undefined;
  return mode === "all" || mode === "allowlist_quote" || quote.senderAllowed === true ? quote : undefined;
}
