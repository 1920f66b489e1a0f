import type { ChannelConfig } from "../../contracts/channel.ts";
import type { InboundMessage } from "../../contracts/channel-runtime.ts";
import { shownLine } from "../../kernel/shown-text.ts";
import { asRecord, asText } from "../config-values.ts";

/** Headers around what a person wrote (spec 1.18.2) and around what others wrote before (1.18.5). */

export const HISTORY_HEADING = "[Chat messages since your last reply - for context]";
export const CURRENT_HEADING = "[Current message - respond to this]";

export interface EnvelopeOptions {
  timezone?: string;
  includeTimestamp?: boolean;
  includeElapsed?: boolean;
}

export function resolveEnvelopeFormatOptions(cfg: ChannelConfig | undefined): EnvelopeOptions {
  const defaults = asRecord(asRecord(cfg?.["agents"])["defaults"]);
  const options: EnvelopeOptions = {
    includeTimestamp: defaults["envelopeTimestamp"] !== "off",
    includeElapsed: defaults["envelopeElapsed"] !== "off",
  };
  const timezone = asText(defaults["envelopeTimezone"]) ?? asText(defaults["userTimezone"]);
  if (timezone !== undefined) options.timezone = timezone;
  return options;
}

export interface AgentEnvelope {
  channel: string;
  from?: string;
  timestamp?: number | Date;
  host?: string;
  ip?: string;
  body: string;
  previousTimestamp?: number | Date;
  envelope?: EnvelopeOptions;
}

/** `[<Channel> <from> +<elapsed> <host> <ip> <Wkd> <timestamp>] <body>`; absent parts are left out. */
export function formatAgentEnvelope(params: AgentEnvelope): string {
  const options = params.envelope ?? {};
  const at = milliseconds(params.timestamp);
  const before = milliseconds(params.previousTimestamp);
  const parts = [headerText(params.channel)];
  if (params.from?.trim()) parts.push(headerText(params.from));
  if (options.includeElapsed !== false && at !== undefined && before !== undefined && at >= before) {
    parts.push(`+${elapsed(at - before)}`);
  }
  if (params.host?.trim()) parts.push(headerText(params.host));
  if (params.ip?.trim()) parts.push(headerText(params.ip));
  if (options.includeTimestamp !== false && at !== undefined) parts.push(formatTime(at, options.timezone));
  return `[${parts.join(" ")}] ${params.body}`;
}

export function formatInboundEnvelope(
  params: AgentEnvelope & {
    chatType?: string;
    senderLabel?: string;
    sender?: { name?: string; username?: string; id?: string };
    fromMe?: boolean;
  },
): string {
  const isDirect = params.chatType === undefined || params.chatType === "direct";
  const sender = params.senderLabel ?? params.sender?.name ?? params.sender?.username ?? params.sender?.id;
  let body = params.body;
  if (params.fromMe) body = `(self): ${body}`;
  else if (!isDirect && sender) body = `${headerText(sender)}: ${body}`;
  return formatAgentEnvelope({ ...params, body });
}

/** Text of one message for the model: in a group it says who speaks. */
export function agentText(message: InboundMessage): string {
  const text = message.textForAgent ?? message.text;
  return message.conversation.kind === "direct" ? text : `${senderLabel(message)}: ${text}`;
}

/** Puts earlier messages of a group before the current one. */
export function withHistory(history: readonly InboundMessage[], current: string): string {
  if (history.length === 0) return current;
  const earlier = history.map((message) => withoutHeadings(agentText(message)));
  return [HISTORY_HEADING, ...earlier, "", CURRENT_HEADING, withoutHeadings(current)].join("\n");
}

/** Nobody's words pass for the headings around them. */
function withoutHeadings(text: string): string {
  return text.replace(/\[((?:chat messages since|current message)\b[^\]\n]{0,100})\]/gi, "($1)");
}

export function senderLabel(message: InboundMessage): string {
  const { sender } = message;
  return headerText(sender.name ?? sender.username ?? sender.id);
}

/** Longest name or label in a header, in characters. */
export const MAX_HEADER_TEXT = 200;

/** Text that cannot leave its header. */
function headerText(text: string): string {
  const line = shownLine(text).replace(/\[/g, "(").replace(/\]/g, ")").trim();
  const characters = [...line];
  return characters.length > MAX_HEADER_TEXT ? `${characters.slice(0, MAX_HEADER_TEXT - 1).join("")}…` : line;
}

function milliseconds(value: number | Date | undefined): number | undefined {
  return value instanceof Date ? value.getTime() : value;
}

function elapsed(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

function formatTime(at: number, zone: string | undefined): string {
  const timeZone =
    zone === undefined || zone === "local" || zone === "user" ? undefined : zone === "utc" ? "UTC" : zone;
  try {
    return render(at, timeZone);
  } catch {
    // An unknown zone name must not lose a message.
    return render(at, "UTC");
  }
}

function render(at: number, timeZone: string | undefined): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    ...(timeZone ? { timeZone } : {}),
  }).formatToParts(at);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? "";
  return `${part("weekday")} ${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")} ${part("timeZoneName")}`;
}
