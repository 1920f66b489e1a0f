import type { ChannelConfig } from "../../contracts/channel.ts";
import { requireHost } from "../ambient/host.ts";
import { truncateUtf16Safe } from "../values/text.ts";

export const DEFAULT_LABEL_TIMEOUT_MS = 15_000;
export const DEFAULT_LABEL_MAX_CHARS = 128;
const LABEL_MAX_TOKENS = 100;

/**
 * A short name of a conversation, by the agent's model or the one that is named; `null` when it gives none in
 * time. One line without quotes, at most `maxLength` characters.
 *
 * @throws when no gateway is running, or the model fails
 */
export async function generateConversationLabel(params: {
  cfg: ChannelConfig;
  agentId?: string;
  userMessage: string;
  /** What the model is asked for. */
  prompt: string;
  modelRef?: string;
  timeoutMs?: number;
  maxLength?: number;
}): Promise<string | null> {
  const { llm } = requireHost("generateConversationLabel").runtime;
  const signal = AbortSignal.timeout(params.timeoutMs ?? DEFAULT_LABEL_TIMEOUT_MS);
  try {
    const { text } = await llm.complete({
      messages: [{ role: "user", content: params.userMessage }],
      systemPrompt: params.prompt,
      maxTokens: LABEL_MAX_TOKENS,
      purpose: "conversation label",
      signal,
      ...(params.modelRef ? { model: params.modelRef } : {}),
      ...(params.agentId ? { agentId: params.agentId } : {}),
    });
    const line = text.trim().split("\n")[0] ?? "";
    const bare = line.replace(/^["'“«]+|["'”»]+$/g, "").trim();
    return truncateUtf16Safe(bare, params.maxLength ?? DEFAULT_LABEL_MAX_CHARS).trim() || null;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
