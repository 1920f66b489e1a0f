import { requireHost } from "./ambient/host.ts";
import { resolveAskUserQuestionOptionIndices } from "./replies/payloads.ts";
import { isRecord, readPath } from "./values/records.ts";

export { createQuestionReactionTargetStore } from "./replies/question-reactions.ts";

const REACTIONS = ["1️⃣", "2️⃣", "3️⃣", "4️⃣"] as const;

interface Resolution {
  cfg: object;
  questionId: string;
  optionIndex: number;
  senderId?: string;
  authorize?(): Promise<boolean> | boolean;
  [extra: string]: unknown;
}

/** Answers of people to a question that an agent asked over a channel. */
export const questionGatewayRuntime = {
  reactionEmojis: REACTIONS,

  /** @throws when no gateway is running or it knows no questions */
  async resolveOption({ authorize, cfg: _cfg, ...answer }: Resolution): Promise<{ status: string }> {
    if (authorize && !(await authorize())) return { status: "denied" };
    const request = readPath(requireHost("questionGatewayRuntime").runtime, ["gateway", "request"]);
    if (typeof request !== "function") return { status: "expired" };
    return (await request("question.resolve", answer)) as { status: string };
  },

  /** A reaction that stands for an option. */
  resolveReaction(reaction: Resolution): Promise<{ status: string }> {
    return questionGatewayRuntime.resolveOption(reaction);
  },

  readAskUserQuestionId(payload: { channelData?: unknown }): string | undefined {
    const data = isRecord(payload.channelData) ? payload.channelData["askUserQuestion"] : undefined;
    const id = isRecord(data) ? data["questionId"] : undefined;
    return typeof id === "string" ? id : undefined;
  },

  resolveReactionIndex(emoji: string): number | undefined {
    const index = (REACTIONS as readonly string[]).indexOf(emoji);
    return index < 0 ? undefined : index;
  },

  readReactionBinding(payload: { channelData?: unknown }) {
    const questionId = questionGatewayRuntime.readAskUserQuestionId(payload);
    const optionIndices = resolveAskUserQuestionOptionIndices(payload);
    return questionId === undefined || !optionIndices ? undefined : { questionId, optionIndices };
  },

  prepareReactionPayloadForDelivery<Payload>(params: { payload: Payload }): Payload {
    return params.payload;
  },

  /** A channel's message that shows a question; it is closed when the question is answered elsewhere. */
  registerChannelDelivery(_delivery: {
    questionId: string;
    deliveryId: string;
    finalize(statusLine: string): unknown;
  }): void {},
};
