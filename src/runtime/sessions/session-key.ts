import { SluiceError } from "../../kernel/errors.ts";

/** Longest session key. */
export const MAX_SESSION_KEY_LENGTH = 512;

const AGENT_KEY = /^agent:([a-z0-9][a-z0-9_-]{0,63}):([^:].*)$/i;
const LITERAL_KEYS = new Set(["global", "unknown"]);

export interface ParsedSessionKey {
  agentId: string;
  /** The part after `agent:<id>:`. */
  rest: string;
}

/** The parts of a canonical key; `undefined` for a literal one or anything else. */
export function parseSessionKey(key: string): ParsedSessionKey | undefined {
  const match = AGENT_KEY.exec(key);
  return match ? { agentId: (match[1] as string).toLowerCase(), rest: match[2] as string } : undefined;
}

/**
 * The canonical form of a key as a request gives it: `main`, a part after `agent:<id>:`, or the whole
 * (spec 11.2). Case is folded except where peers differ by it.
 *
 * @throws SluiceError `INVALID_REQUEST` for a key that starts with `agent:` and does not parse
 */
export function canonicalSessionKey(
  raw: string,
  options: { agentId: string; mainKey: string },
): { sessionKey: string; agentId: string } {
  const text = raw.trim();
  if (text === "" || text.length > MAX_SESSION_KEY_LENGTH) {
    throw invalid(raw, `a session key has 1 to ${MAX_SESSION_KEY_LENGTH} characters`);
  }
  if (LITERAL_KEYS.has(text.toLowerCase())) {
    return { sessionKey: text.toLowerCase(), agentId: options.agentId };
  }
  if (/^agent:/i.test(text)) {
    const parsed = parseSessionKey(text);
    if (!parsed) throw invalid(raw, "expected agent:<agent>:<name>");
    return { sessionKey: folded(parsed), agentId: parsed.agentId };
  }
  if (text.startsWith(":")) throw invalid(raw, "a session key does not start with a colon");
  const rest = text.toLowerCase() === "main" ? options.mainKey : text;
  return { sessionKey: folded({ agentId: options.agentId, rest }), agentId: options.agentId };
}

/** True for the session an agent falls back to; it cannot be deleted or archived. */
export function isMainSession(key: string, mainKey: string): boolean {
  return parseSessionKey(key)?.rest === mainKey.toLowerCase();
}

/** `direct`, `group`, `global` or `unknown`: what a row says about its key. */
export function sessionKind(key: string): "direct" | "group" | "global" | "unknown" {
  if (key === "global" || key === "unknown") return key;
  const rest = parseSessionKey(key)?.rest ?? "";
  return /(^|:)(group|channel|room):/.test(rest) ? "group" : "direct";
}

const CLASSES: ReadonlySet<string> = new Set([
  "cron",
  "hook",
  "heartbeat",
  "subagent",
  "acp",
  "dashboard",
  "explicit",
]);

/** What made the session: the second word of keys such as `agent:main:cron:…`. */
export function sessionClassification(key: string, mainKey: string): string {
  const rest = parseSessionKey(key)?.rest ?? key;
  if (rest === mainKey) return "direct";
  const first = rest.split(":", 1)[0] ?? "";
  return CLASSES.has(first) ? first : "custom";
}

/**
 * Peer ids that start with a sigil or end in padded base64 are opaque and keep their case; everything
 * else is folded (spec 11.1).
 */
const OPAQUE_PEER = /:(group|channel|room|direct|thread):([!#@$+][^:]*:|[A-Za-z0-9+/_-]{20,}={0,2}$)/;

function folded({ agentId, rest }: ParsedSessionKey): string {
  return `agent:${agentId.toLowerCase()}:${OPAQUE_PEER.test(rest) ? rest : rest.toLowerCase()}`;
}

function invalid(raw: string, why: string): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", `invalid session key: ${why}`, {
    details: { sessionKey: raw.slice(0, 100) },
  });
}
