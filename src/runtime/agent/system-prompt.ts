import type { TurnRequest } from "../../store/records.ts";
import { type AgentSettings, DEFAULT_AGENT_NAME } from "./settings.ts";
import type { ToolSet } from "./tool-set.ts";

/** Whole text of an answer that means "say nothing". */
export const SILENT_REPLY_TOKEN = "NO_REPLY";

/** Builds the standing instructions of a turn. Stable within a day, so that providers can cache it. */
export function buildSystemPrompt(input: {
  settings: AgentSettings;
  request: TurnRequest;
  tools: ToolSet;
  nowMs: number;
  modelRef: string;
  /** Routing hints of plugin commands. */
  guidance?: readonly string[];
}): string {
  const { settings, request, tools } = input;
  const name = settings.identity?.name ?? settings.name ?? DEFAULT_AGENT_NAME;
  const sections = [
    settings.systemPrompt ??
      `You are ${name}, a personal assistant reached through chat. Be brief and useful.`,
  ];
  if (settings.identity?.theme) sections.push(`Your manner: ${settings.identity.theme}`);
  if (tools.tools.length > 0) {
    sections.push(
      `You can call these tools:\n${tools.tools.map((tool) => `- ${tool.name}: ${firstLine(tool.description)}`).join("\n")}`,
    );
  }
  if (input.guidance && input.guidance.length > 0) sections.push(input.guidance.join("\n"));
  const channel = request.deliver?.channel;
  const chatType = request.context?.["chatType"];
  if (channel) {
    sections.push(
      chatType === "group"
        ? `You are in a group on ${channel}. When nothing needs an answer, reply with exactly ${SILENT_REPLY_TOKEN}.`
        : `You are talking on ${channel}.`,
    );
  }
  if (request.extraSystemPrompt) sections.push(request.extraSystemPrompt);
  sections.push(
    `Today is ${new Date(input.nowMs).toISOString().slice(0, 10)} (time zone ${hostTimeZone()}). Model: ${input.modelRef}.`,
  );
  return sections.join("\n\n");
}

let knownTimeZone: string | undefined;

/** A process does not change its zone, and asking takes longer than the rest of the prompt. */
function hostTimeZone(): string {
  knownTimeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
  return knownTimeZone;
}

function firstLine(text: string | undefined): string {
  return (text ?? "").split("\n", 1)[0] ?? "";
}
