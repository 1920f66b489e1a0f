/** Names of conversations (spec 1.18.6, wire 11.2). */

export type DmScope = "main" | "per-peer" | "per-channel-peer" | "per-account-channel-peer";
export type GroupScope = "per-group" | "main";
export type PeerKind = "direct" | "group" | "channel";

export const DEFAULT_ACCOUNT_ID = "default";
export const DEFAULT_AGENT_ID = "main";
export const DEFAULT_MAIN_KEY = "main";

export interface SessionKeyParts {
  agentId: string;
  mainKey?: string;
  channel: string;
  accountId?: string;
  peer?: { kind: string; id: string };
  threadId?: string | number;
  dmScope?: DmScope;
  groupScope?: GroupScope;
  identityLinks?: Readonly<Record<string, readonly string[]>>;
  /** Platforms whose peer ids differ by case keep it. */
  keepPeerCase?: boolean;
}

/** Accepts `dm` and `private` for `direct`, `room` for `group`; anything unknown is a group. */
export function normalizePeerKind(kind: string): PeerKind {
  const lower = kind.toLowerCase();
  if (lower === "dm" || lower === "private" || lower === "direct") return "direct";
  return lower === "channel" ? "channel" : "group";
}

/** `a-z 0-9 _ -`, 1 to 64 characters; anything else becomes `-` and is trimmed; empty becomes `fallback`. */
export function normalizeId(raw: string | null | undefined, fallback: string): string {
  const id = (raw ?? "")
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
  return id === "" ? fallback : id;
}

export function normalizeAccountId(raw: string | null | undefined): string {
  return normalizeId(raw, DEFAULT_ACCOUNT_ID);
}

export function mainSessionKey(agentId: string, mainKey = DEFAULT_MAIN_KEY): string {
  return `agent:${agentId}:${mainKey}`.toLowerCase();
}

export function buildAgentSessionKey(parts: SessionKeyParts): string {
  const { agentId, peer, threadId } = parts;
  const base = peer
    ? normalizePeerKind(peer.kind) === "direct"
      ? directKey(parts, peer.id)
      : groupKey(parts, normalizePeerKind(peer.kind), peer.id)
    : mainSessionKey(agentId, parts.mainKey);
  return threadId === undefined || threadId === "" ? base : `${base}:thread:${fold(parts, String(threadId))}`;
}

function directKey(parts: SessionKeyParts, rawPeer: string): string {
  const peer = fold(parts, linkedIdentity(parts, rawPeer) ?? rawPeer);
  const prefix = `agent:${parts.agentId}`.toLowerCase();
  const channel = parts.channel.toLowerCase();
  switch (parts.dmScope ?? "main") {
    case "main":
      return mainSessionKey(parts.agentId, parts.mainKey);
    case "per-peer":
      return `${prefix}:direct:${peer}`;
    case "per-channel-peer":
      return `${prefix}:${channel}:direct:${peer}`;
    case "per-account-channel-peer":
      return `${prefix}:${channel}:${normalizeAccountId(parts.accountId)}:direct:${peer}`;
  }
}

function groupKey(parts: SessionKeyParts, kind: PeerKind, peer: string): string {
  if (parts.groupScope === "main") return mainSessionKey(parts.agentId, parts.mainKey);
  return `agent:${parts.agentId}:${parts.channel}:${kind}:`.toLowerCase() + fold(parts, peer);
}

function fold(parts: SessionKeyParts, text: string): string {
  return parts.keepPeerCase ? text : text.toLowerCase();
}

/** One person on several platforms shares a conversation: the canonical name replaces the peer id. */
function linkedIdentity(parts: SessionKeyParts, peer: string): string | undefined {
  if ((parts.dmScope ?? "main") === "main" || !parts.identityLinks) return undefined;
  const forms = new Set([peer.toLowerCase(), `${parts.channel}:${peer}`.toLowerCase()]);
  for (const [canonical, ids] of Object.entries(parts.identityLinks)) {
    if (ids.some((id) => forms.has(id.toLowerCase()))) return canonical;
  }
  return undefined;
}
