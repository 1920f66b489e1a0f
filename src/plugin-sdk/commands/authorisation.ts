import { resolveCommandAuthorizedFromAuthorizers } from "../../channels/inbound/commands.ts";

interface Authorizer {
  configured: boolean;
  allowed: boolean;
}

/** Whether a text command may run, and whether the message has to be dropped because it may not. */
export function resolveControlCommandGate(params: {
  useAccessGroups: boolean;
  authorizers: Authorizer[];
  allowTextCommands: boolean;
  hasControlCommand: boolean;
  modeWhenAccessGroupsOff?: "allow" | "deny" | "configured";
}): { commandAuthorized: boolean; shouldBlock: boolean } {
  const commandAuthorized = resolveCommandAuthorizedFromAuthorizers(params);
  return {
    commandAuthorized,
    shouldBlock: params.allowTextCommands && params.hasControlCommand && !commandAuthorized,
  };
}

/** The command word of a text that begins with one, in lower case. */
export function maybeResolveTextAlias(raw: string): string | null {
  const match = /^\/([a-z0-9][a-z0-9_-]*)(?::|\s|$)/i.exec(raw.trim());
  return match ? `/${(match[1] as string).toLowerCase()}` : null;
}

/** The sessions of a platform's own command: one to run it in, one that it speaks about. */
export function resolveNativeCommandSessionTargets(params: {
  agentId: string;
  sessionPrefix: string;
  userId: string;
  targetSessionKey: string;
  boundSessionKey?: string;
  sessionKeyCase?: "case-sensitive" | "lowercase";
}): { sessionKey: string; commandTargetSessionKey: string } {
  const own = `agent:${params.agentId}:${params.sessionPrefix}:${params.userId}`;
  const key = params.boundSessionKey ?? own;
  return {
    sessionKey: params.sessionKeyCase === "case-sensitive" ? key : key.toLowerCase(),
    commandTargetSessionKey: params.boundSessionKey ?? params.targetSessionKey,
  };
}

interface SessionLike {
  providerOverride?: unknown;
  modelOverride?: unknown;
}

/** The model chosen for a session or, failing that, for the session it was begun from. */
export function resolveStoredModelOverride(params: {
  loadSessionEntry?(sessionKey: string): SessionLike | undefined;
  sessionEntry?: SessionLike | undefined;
  sessionStore?: Record<string, SessionLike>;
  sessionKey?: string;
  parentSessionKey?: string | undefined;
  defaultProvider: string;
}): { provider?: string; model: string; source: "session" | "parent" } | null {
  const load = (key: string | undefined) =>
    key === undefined ? undefined : (params.loadSessionEntry?.(key) ?? params.sessionStore?.[key]);
  const read = (entry: SessionLike | undefined, source: "session" | "parent") => {
    if (typeof entry?.modelOverride !== "string" || entry.modelOverride.trim() === "") return null;
    const provider =
      typeof entry.providerOverride === "string" ? entry.providerOverride : params.defaultProvider;
    return { provider, model: entry.modelOverride.trim(), source };
  };
  return (
    read(params.sessionEntry ?? load(params.sessionKey), "session") ??
    read(load(params.parentSessionKey), "parent")
  );
}

/** Commands that skills bring; this host lists them through its own command table. */
export function listSkillCommandsForAgents(_params: object): { name: string; description: string }[] {
  return [];
}
