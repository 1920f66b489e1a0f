import { isRecord } from "../values/records.ts";

/** The tool by which a speaking model asks the agent. */
export const REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME = "openclaw_agent_consult";
/** The tool by which it asks about, steers or stops what the agent is doing. */
export const REALTIME_VOICE_AGENT_CONTROL_TOOL_NAME = "openclaw_agent_control";

export const REALTIME_VOICE_AGENT_CONTROL_TOOL = Object.freeze({
  type: "function",
  name: REALTIME_VOICE_AGENT_CONTROL_TOOL_NAME,
  description:
    "Ask how the agent's running work stands, add to it, or stop it. Use it when the speaker talks about work that is under way.",
  parameters: {
    type: "object",
    properties: {
      text: { type: "string", description: "What the speaker said about the running work." },
      mode: {
        type: "string",
        enum: ["status", "steer", "cancel", "followup"],
        description: "What is wanted; left out, the text decides.",
      },
    },
    required: ["text"],
  },
} as const);

export type ControlMode = "status" | "steer" | "cancel" | "followup";
const MODES: readonly string[] = ["status", "steer", "cancel", "followup"];

/** @throws for arguments without a text */
export function parseRealtimeVoiceAgentControlToolArgs(args: unknown): { text: string; mode?: ControlMode } {
  const given = asArguments(args);
  const text = typeof given["text"] === "string" ? given["text"].trim() : "";
  if (text === "") throw new Error("the control tool needs a text");
  const mode = given["mode"];
  return typeof mode === "string" && MODES.includes(mode) ? { text, mode: mode as ControlMode } : { text };
}

export type ConsultCall =
  | { kind: "exact-speech-echo"; text: string }
  | { kind: "malformed"; error: string }
  | { kind: "consult"; message: string };

/**
 * Reads a call of the consult tool. A model that only repeats what it was told to say word for word asks
 * nothing; the text is its answer.
 */
export function classifyRealtimeVoiceConsultToolCall(
  args: unknown,
  options: { retainedExactSpeechTexts?: readonly string[] } = {},
): ConsultCall {
  const given = asArguments(args);
  const texts = ["question", "prompt", "query", "task"].map((name) => given[name]);
  const question = texts
    .find((text): text is string => typeof text === "string" && text.trim() !== "")
    ?.trim();
  if (!question) return { kind: "malformed", error: "the consult tool needs a question" };
  const echo = options.retainedExactSpeechTexts?.find(
    (text) => plain(question).includes(plain(text)) && plain(text) !== "",
  );
  if (echo !== undefined) return { kind: "exact-speech-echo", text: echo };
  const parts = [question];
  for (const [label, name] of [
    ["Context", "context"],
    ["Spoken style", "responseStyle"],
  ] as const) {
    const text = given[name];
    if (typeof text === "string" && text.trim() !== "") parts.push(`${label}: ${text.trim()}`);
  }
  return { kind: "consult", message: parts.join("\n\n") };
}

const CLOSINGS = new Set([
  "thanks",
  "thank you",
  "thank you very much",
  "bye",
  "goodbye",
  "good bye",
  "see you",
  "ok",
  "okay",
  "all right",
  "alright",
]);
/** A sentence does not end with one of these. */
const DANGLING = new Set([
  "and",
  "or",
  "but",
  "so",
  "because",
  "the",
  "a",
  "an",
  "to",
  "of",
  "with",
  "for",
  "if",
]);

/** Why something heard is not worth asking the agent; `undefined` when it is. */
export function classifySkippableRealtimeVoiceConsultTranscript(
  text: string,
): "empty" | "incomplete-transcript" | "trailing-fragment" | "non-actionable-closing" | undefined {
  const words = plain(text).split(" ").filter(Boolean);
  if (words.length === 0) return "empty";
  if (CLOSINGS.has(words.join(" "))) return "non-actionable-closing";
  if (/(?:\.\.\.|…|-)\s*$/.test(text.trim())) return "incomplete-transcript";
  return DANGLING.has(words.at(-1) ?? "") ? "trailing-fragment" : undefined;
}

const STOP_WORDS = new Set(
  "a an and are can could do does for how i in is it me my of on or please tell that the this to was what when where which who will with would you your".split(
    " ",
  ),
);

/** True for two wordings of one question: most of the telling words of the shorter are in the other. */
export function matchRealtimeVoiceConsultQuestions(
  left: string,
  right: string,
  options: { minTokenOverlapRatio?: number; minTokenOverlapCount?: number } = {},
): boolean {
  if (plain(left) === plain(right)) return plain(left) !== "";
  const a = telling(left);
  const b = telling(right);
  const smaller = Math.min(a.size, b.size);
  const shared = [...a].filter((word) => b.has(word)).length;
  const { minTokenOverlapRatio = 0.6, minTokenOverlapCount = 2 } = options;
  return smaller > 0 && shared >= minTokenOverlapCount && shared / smaller >= minTokenOverlapRatio;
}

const CONTROL =
  /^(?:please )?(?:stop|cancel|abort|never mind|nevermind|forget it|hold on|wait|status|how(?: is|s) it going|are you (?:done|still working)|what are you doing)\b/;

/** True for a short sentence about work that is under way, rather than a new question. */
export function shouldAutoControlRealtimeVoiceAgentText(text: string): boolean {
  const said = plain(text);
  return said.split(" ").length <= 8 && CONTROL.test(said);
}

/** What a speaking model is told when asking the agent failed, or was given up. */
export function buildRealtimeVoiceAgentErrorProviderResult(
  error: unknown,
): { error: string } | { status: "cancelled"; message: string } {
  if (error instanceof Error && error.name === "AbortError") {
    return { status: "cancelled", message: "The question was withdrawn. Say nothing about it." };
  }
  return { error: error instanceof Error ? error.message : String(error) };
}

/** Has a speaking model say a text word for word. */
export function buildRealtimeVoiceSpeakExactMessage(params: { text: string; surfaceLabel?: string }): string {
  const where = params.surfaceLabel ? ` into ${params.surfaceLabel}` : "";
  return `Say the following${where}, word for word, and nothing else:\n${JSON.stringify(params.text.trim())}`;
}

/** What a speaking model may ask of the agent. */
export type ConsultToolPolicy = "none" | "safe-read-only" | "owner";

export const REALTIME_VOICE_AGENT_CONSULT_TOOL = Object.freeze({
  type: "function",
  name: REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME,
  description: "Ask the agent, which knows the conversation, its memory and its tools. Speak its answer.",
  parameters: {
    type: "object",
    properties: {
      question: { type: "string", description: "What to ask, in full." },
      context: { type: "string", description: "What the agent has to know to understand the question." },
      responseStyle: { type: "string", description: "How the answer should sound." },
    },
    required: ["question"],
  },
} as const);

/** The tools of a voice session: the agent's, unless the policy is `none`, and further ones. */
export function resolveRealtimeVoiceAgentConsultTools<Tool extends { name: string }>(
  policy: ConsultToolPolicy,
  further: readonly Tool[] = [],
): (typeof REALTIME_VOICE_AGENT_CONSULT_TOOL | Tool)[] {
  const own = policy === "none" ? [] : [REALTIME_VOICE_AGENT_CONSULT_TOOL];
  return [...own, ...further.filter(({ name }) => own.every((tool) => tool.name !== name))];
}

/** A voice session's instructions: the surface's own, who the agent is, and when to ask it. */
export function buildRealtimeVoiceSessionInstructions(params: {
  base: string;
  bootstrapContextInstructions?: string;
  toolPolicy?: ConsultToolPolicy;
  consultPolicy?: "auto" | "always" | "substantive";
  isAgentProxy?: boolean;
}): string {
  const tool = REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME;
  const asking =
    params.toolPolicy === undefined || params.toolPolicy === "none"
      ? undefined
      : params.consultPolicy === "always"
        ? `Call ${tool} before you answer anything, and speak what it returns.`
        : `Call ${tool} for whatever needs facts, memory, tools or work; answer greetings and small talk yourself.`;
  const proxy = params.isAgentProxy
    ? "You are the agent's voice. Say only what you are told to say."
    : undefined;
  return [params.base, params.bootstrapContextInstructions, proxy, asking]
    .map((part) => part?.trim())
    .filter(Boolean)
    .join("\n\n");
}

function asArguments(args: unknown): Record<string, unknown> {
  if (isRecord(args)) return args;
  if (typeof args !== "string") return {};
  try {
    const parsed: unknown = JSON.parse(args);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function telling(text: string): Set<string> {
  return new Set(
    plain(text)
      .split(" ")
      .filter((word) => word !== "" && !STOP_WORDS.has(word)),
  );
}
