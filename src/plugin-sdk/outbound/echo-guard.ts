import { ECHO_TTL_MS } from "../../channels/outbound/outlet.ts";
import { hostMemory } from "../ambient/memory.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";

/** Messages remembered; the oldest goes first. */
export const MAX_ECHO_IDENTITIES = 5_000;

export interface OutboundMessageIdentity {
  channel: string;
  accountId?: string | null;
  conversationId: string;
  /** Absent before a message is sent through `sourceId`: what comes from there meanwhile is ours. */
  messageId?: string;
  /** A webhook or another sender of ours. */
  sourceId?: string;
}

const known = () => hostMemory("outbound-identities", () => new Map<string, number>());

function keyOf(identity: OutboundMessageIdentity, part: "message" | "source"): string | undefined {
  const id = part === "message" ? identity.messageId : identity.sourceId;
  if (!id) return undefined;
  return JSON.stringify([
    part,
    identity.channel,
    identity.accountId || "default",
    identity.conversationId,
    id,
  ]);
}

/** Remembers a message that a plugin sent past the host, so that its echo is not taken for somebody's. */
export function recordOutboundMessageIdentity(identity: OutboundMessageIdentity): void {
  const key = keyOf(identity, identity.messageId ? "message" : "source");
  if (key === undefined) return;
  const identities = known();
  identities.delete(key);
  identities.set(key, Date.now() + ECHO_TTL_MS);
  pruneMapToMaxSize(identities, MAX_ECHO_IDENTITIES);
}

export function isRecentOutboundMessageIdentity(identity: OutboundMessageIdentity): boolean {
  const identities = known();
  return [keyOf(identity, "message"), keyOf(identity, "source")].some(
    (key) => key !== undefined && (identities.get(key) ?? 0) > Date.now(),
  );
}
