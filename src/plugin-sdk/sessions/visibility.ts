import type { ChannelConfig } from "../../contracts/channel.ts";
import { hostMemory } from "../ambient/memory.ts";
import { resolveAgentIdFromSessionKey } from "../routing.ts";
import { readPath } from "../values/records.ts";
import { escapeRegExp } from "../values/text.ts";

/** Which sessions the tools of a session may reach: itself, also those it started, those of its agent, all. */
export type SessionToolsVisibility = "self" | "tree" | "agent" | "all";
export type SessionAccessAction = "history" | "list" | "send" | "status" | (string & {});

const VISIBILITIES: readonly unknown[] = ["self", "tree", "agent", "all"];
/** What is reached when the configuration does not say. */
export const DEFAULT_SESSION_TOOLS_VISIBILITY = "tree";

/** `tools.sessions.visibility`. */
export function resolveSessionToolsVisibility(cfg: ChannelConfig): SessionToolsVisibility {
  const stated = readPath(cfg, ["tools", "sessions", "visibility"]);
  return VISIBILITIES.includes(stated)
    ? (stated as SessionToolsVisibility)
    : DEFAULT_SESSION_TOOLS_VISIBILITY;
}

export interface AgentToAgentPolicy {
  enabled: boolean;
  /** Whether an agent takes part. */
  matchesAllow(agentId: string): boolean;
  /** Both have to take part; an agent may always reach itself. */
  isAllowed(requesterAgentId: string, targetAgentId: string): boolean;
}

/** `tools.agentToAgent`: off unless `enabled`; then between all agents, or those that `allow` names (`*` stands for any text). */
export function createAgentToAgentPolicy(cfg: ChannelConfig): AgentToAgentPolicy {
  const enabled = readPath(cfg, ["tools", "agentToAgent", "enabled"]) === true;
  const allow = readPath(cfg, ["tools", "agentToAgent", "allow"]);
  const stated = Array.isArray(allow) ? allow : [];
  const patterns = stated.flatMap((entry) =>
    typeof entry === "string" && entry.trim() !== "" ? [agentPattern(entry.trim())] : [],
  );
  const matchesAllow = (agentId: string) =>
    stated.length === 0 || patterns.some((pattern) => pattern.test(agentId));
  return {
    enabled,
    matchesAllow,
    isAllowed: (requester, target) =>
      requester === target || (enabled && matchesAllow(requester) && matchesAllow(target)),
  };
}

/** Runs of stars are one, so that matching stays short. */
function agentPattern(entry: string): RegExp {
  return new RegExp(`^${entry.split(/\*+/).map(escapeRegExp).join("[\\s\\S]*")}$`, "i");
}

export interface ScopedAccessRequest {
  action: SessionAccessAction;
  requesterAgentId?: string;
  requesterSessionKey: string;
  targetSessionKey: string;
}

/** What a plugin lets one session do with another. */
export interface ScopedAccess {
  /** The permission is for this session only, not for one that follows under the same key. */
  expectedSessionId?: string;
}

export type ScopedAccessProvider = (request: ScopedAccessRequest) => ScopedAccess | null | undefined;

export type SessionAccessResult =
  | ({ allowed: true } & ScopedAccess)
  | { allowed: false; status: "forbidden"; error: string };

/** Providers of loaded plugins. Bounded by the plugins, which take them back when they end. */
function providers(): Set<ScopedAccessProvider> {
  return hostMemory("session-access-providers", () => new Set<ScopedAccessProvider>());
}

function registerScopedAccessProvider(provider: ScopedAccessProvider): () => void {
  const known = providers();
  // Its own wrapper, so that two registrations of one function end apart.
  const own: ScopedAccessProvider = (request) => provider(request);
  known.add(own);
  return () => void known.delete(own);
}

/** The first permission that a provider gives; one that throws gives none. */
function resolveScopedAccess(request: ScopedAccessRequest): ScopedAccess | undefined {
  for (const provider of providers()) {
    try {
      const access = provider({ ...request });
      if (access) return access;
    } catch {
      // No answer is no permission.
    }
  }
  return undefined;
}

export interface SessionVisibilityParams {
  action: SessionAccessAction;
  requesterAgentId?: string;
  requesterSessionKey: string;
  visibility: SessionToolsVisibility;
  a2aPolicy: Pick<AgentToAgentPolicy, "enabled" | "isAllowed">;
  /** The sessions that the requester started; `null` when that is not known. */
  spawnedKeys: ReadonlySet<string> | null;
}

function createChecker(params: SessionVisibilityParams): {
  check(targetSessionKey: string): SessionAccessResult;
} {
  const { action, requesterSessionKey } = params;
  const requesterAgentId = params.requesterAgentId ?? resolveAgentIdFromSessionKey(requesterSessionKey);
  return {
    check(targetSessionKey) {
      const reason = refusal(params, requesterAgentId, targetSessionKey);
      if (reason === undefined) return { allowed: true };
      const access = resolveScopedAccess({ action, requesterAgentId, requesterSessionKey, targetSessionKey });
      if (!access) return { allowed: false, status: "forbidden", error: `session ${action}: ${reason}` };
      const { expectedSessionId } = access;
      return { allowed: true, ...(expectedSessionId === undefined ? {} : { expectedSessionId }) };
    },
  };
}

/** Why the configuration does not let the requester reach a session; `undefined` when it does. */
function refusal(
  { requesterSessionKey, visibility, a2aPolicy, spawnedKeys }: SessionVisibilityParams,
  requesterAgentId: string,
  target: string,
): string | undefined {
  if (target === requesterSessionKey || (visibility !== "self" && spawnedKeys?.has(target))) return undefined;
  if (resolveAgentIdFromSessionKey(target) === requesterAgentId) {
    if (visibility === "agent" || visibility === "all") return undefined;
    return `tools.sessions.visibility is "${visibility}", which leaves out ${target}`;
  }
  if (visibility !== "all") return `${target} is another agent's; tools.sessions.visibility has to be "all"`;
  if (!a2aPolicy.enabled) return `${target} is another agent's; tools.agentToAgent.enabled is not set`;
  return a2aPolicy.isAllowed(requesterAgentId, resolveAgentIdFromSessionKey(target))
    ? undefined
    : `tools.agentToAgent.allow does not name both agents`;
}

/**
 * Decides whether a session's tool may reach another session. Plugins add narrow permissions of their own with
 * `registerScopedAccessProvider`, which gives the function that takes them back.
 */
export const createSessionVisibilityChecker: typeof createChecker & {
  registerScopedAccessProvider: typeof registerScopedAccessProvider;
  resolveScopedAccess: typeof resolveScopedAccess;
} = Object.assign(createChecker, { registerScopedAccessProvider, resolveScopedAccess });
