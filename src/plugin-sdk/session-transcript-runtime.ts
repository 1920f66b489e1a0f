import { requireServices } from "./ambient/host.ts";
import type { SessionAddress } from "./sessions/reading.ts";
import { isRecord } from "./values/records.ts";

/** How far back the last answer is looked for, in entries. */
const MAX_LOOKED_AT = 50;

/** The last text an agent wrote in a session; `undefined` when it wrote none, or the session was reset. */
export async function readLatestAssistantTextByIdentity(
  address: SessionAddress & { sessionId?: string },
): Promise<{ id: string; text: string; timestamp: number } | undefined> {
  const { sessions } = requireServices("readLatestAssistantTextByIdentity");
  const entry = sessions.get(address.sessionKey, address.agentId);
  if (!entry || (address.sessionId !== undefined && entry.sessionId !== address.sessionId)) return undefined;
  for (const { id, type, createdAt, body } of sessions
    .transcript(address.sessionKey, MAX_LOOKED_AT)
    .reverse()) {
    if (type !== "message" || !isRecord(body) || body["role"] !== "assistant") continue;
    const text = textOf(body["content"]);
    if (text === "") continue;
    return { id, text, timestamp: typeof body["timestamp"] === "number" ? body["timestamp"] : createdAt };
  }
  return undefined;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content.trim();
  if (!Array.isArray(content)) return "";
  return content
    .filter((part) => isRecord(part) && part["type"] === "text" && typeof part["text"] === "string")
    .map((part) => (part as { text: string }).text)
    .join("")
    .trim();
}
