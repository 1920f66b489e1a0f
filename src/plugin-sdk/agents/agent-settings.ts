import { statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { isInside } from "../../kernel/confine-path.ts";
import {
  agentDir,
  agentIds,
  agentSettings,
  agentWorkspaceDir,
  defaultAgentId,
} from "../../runtime/agent/index.ts";
import type { SluiceConfig } from "../../runtime/config/index.ts";
import { defaultModelOf } from "../../runtime/models/index.ts";
import { normalizeAgentId, parseAgentSessionKey } from "../routing.ts";
import { resolveStateDir } from "../state-paths.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";

type Env = Readonly<Record<string, string | undefined>>;
/** The name by which the ecosystem knows a host's own way of running agents. */
const BUILT_IN_RUNTIME = "openclaw";
/** Largest picture that is read as an avatar. */
export const MAX_AVATAR_BYTES = 2_097_152;

/** An agent's own settings. */
export function resolveAgentConfig(cfg: ChannelConfig, agentId: string): UnknownRecord | undefined {
  const list = readPath(cfg, ["agents", "list"]);
  return (Array.isArray(list) ? list : []).filter(isRecord).find((agent) => agent["id"] === agentId);
}

export function listAgentIds(cfg: ChannelConfig): string[] {
  return agentIds(cfg as SluiceConfig);
}

export function resolveDefaultAgentId(cfg: ChannelConfig): string {
  return defaultAgentId(cfg as SluiceConfig);
}

/** `undefined` when the configuration names no agent. */
export function tryResolveDefaultAgentId(cfg: ChannelConfig): string | undefined {
  const list = readPath(cfg, ["agents", "list"]);
  return Array.isArray(list) && list.some(isRecord) ? resolveDefaultAgentId(cfg) : undefined;
}

/** Where an agent keeps what is its own; below the gateway's state folder. */
export function resolveAgentDir(cfg: ChannelConfig, agentId: string, env: Env = process.env): string {
  const own = resolveAgentConfig(cfg, agentId)?.["agentDir"];
  if (typeof own === "string" && isAbsolute(own)) return own;
  return agentDir(resolveStateDir(env), normalizeAgentId(agentId));
}

export function resolveAgentWorkspaceDir(
  cfg: ChannelConfig,
  agentId: string,
  env: Env = process.env,
): string {
  return agentWorkspaceDir(cfg as SluiceConfig, resolveStateDir(env), normalizeAgentId(agentId));
}

export interface AgentIdentity {
  name?: string;
  emoji?: string;
  theme?: string;
  avatar?: string;
}

export function resolveAgentIdentity(cfg: ChannelConfig, agentId: string): AgentIdentity | undefined {
  return agentSettings(cfg as SluiceConfig, agentId).identity;
}

/** `[Name]` in front of answers; `undefined` for an agent without a name. */
export function resolveIdentityNamePrefix(cfg: ChannelConfig, agentId: string): string | undefined {
  const name = resolveAgentIdentity(cfg, agentId)?.name?.trim();
  return name ? `[${name}]` : undefined;
}

/** The model an agent uses when nobody chose another. */
export function resolveDefaultModelForAgent(params: { cfg: ChannelConfig; agentId?: string }): {
  provider: string;
  model: string;
} {
  return defaultModelOf(params.cfg as SluiceConfig, params.agentId);
}

/** How the agent of a session is run: what the session chose, else the host's own way. */
export function resolveEffectiveAgentRuntime(params: {
  cfg: ChannelConfig;
  provider?: string;
  modelId?: string;
  agentId?: string;
  sessionKey?: string;
  sessionEntry?: UnknownRecord | undefined;
}): string {
  const own = params.agentId ? resolveAgentConfig(params.cfg, params.agentId) : undefined;
  const candidates = [
    params.sessionEntry?.["agentRuntimeOverride"],
    readPath(own, ["agentRuntime", "id"]),
    readPath(params.cfg, ["agents", "defaults", "agentRuntime", "id"]),
  ];
  const chosen = candidates.find(
    (value) => typeof value === "string" && value.trim() !== "" && value !== "auto",
  );
  return typeof chosen === "string" ? chosen.trim().toLowerCase() : BUILT_IN_RUNTIME;
}

/**
 * The agent of a session key, or the default agent for a key without one.
 *
 * @throws for a key that begins like an agent's and is none
 */
export function resolveSessionAgentIdStrict(params: {
  sessionKey?: string | null;
  config?: ChannelConfig;
}): string {
  return resolveSessionAgentIdsStrict(params).sessionAgentId;
}

/** The agent a session belongs to; the default agent for a key that names none. */
export function resolveSessionAgentId(params: {
  sessionKey?: string | null;
  config?: ChannelConfig;
}): string {
  const parsed = parseAgentSessionKey(params.sessionKey?.trim() ?? "");
  return parsed?.agentId ?? resolveDefaultAgentId(params.config ?? {});
}

export function resolveSessionAgentIdsStrict(params: {
  sessionKey?: string | null;
  config?: ChannelConfig;
  agentId?: string;
}): { defaultAgentId: string; sessionAgentId: string } {
  const standard = resolveDefaultAgentId(params.config ?? {});
  const key = params.sessionKey?.trim() ?? "";
  const parsed = parseAgentSessionKey(key);
  if (!parsed && /^agent:/i.test(key)) {
    throw new Error(`"${key.slice(0, 100)}" is no session key: expected agent:<agent>:<name>`);
  }
  const stated = params.agentId ? normalizeAgentId(params.agentId) : undefined;
  return { defaultAgentId: standard, sessionAgentId: stated ?? parsed?.agentId ?? standard };
}

export type AgentAvatar =
  | { kind: "none"; reason: string }
  | { kind: "remote"; url: string }
  | { kind: "data"; url: string }
  | { kind: "local"; filePath: string };

/** An agent's picture: an address, data, or a file inside its workspace. */
export function resolveAgentAvatar(cfg: ChannelConfig, agentId: string, env: Env = process.env): AgentAvatar {
  const source = resolveAgentIdentity(cfg, agentId)?.avatar?.trim();
  if (!source) return { kind: "none", reason: "missing" };
  if (/^https?:\/\//i.test(source)) return { kind: "remote", url: source };
  if (/^data:/i.test(source)) {
    return /^data:image\//i.test(source)
      ? { kind: "data", url: source }
      : { kind: "none", reason: "unsupported_data_url" };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(source)) return { kind: "none", reason: "unsupported_scheme" };
  const folder = resolveAgentWorkspaceDir(cfg, agentId, env);
  const filePath = isAbsolute(source) ? resolve(source) : join(folder, source);
  if (!isInside(folder, filePath)) return { kind: "none", reason: "outside_workspace" };
  if (!/\.(?:png|jpe?g|gif|webp|svg)$/i.test(filePath))
    return { kind: "none", reason: "unsupported_extension" };
  try {
    const facts = statSync(filePath);
    if (!facts.isFile()) return { kind: "none", reason: "missing" };
    if (facts.size > MAX_AVATAR_BYTES) return { kind: "none", reason: "too_large" };
  } catch {
    return { kind: "none", reason: "missing" };
  }
  return { kind: "local", filePath };
}

/** How long an agent waits between the parts of an answer: its own setting over the shared one. */
export function resolveHumanDelayConfig(cfg: ChannelConfig, agentId: string): UnknownRecord | undefined {
  const shared = readPath(cfg, ["agents", "defaults", "humanDelay"]);
  const own = resolveAgentConfig(cfg, agentId)?.["humanDelay"];
  if (!isRecord(shared) && !isRecord(own)) return undefined;
  return { ...(isRecord(shared) ? shared : {}), ...(isRecord(own) ? own : {}) };
}

/** A model's thoughts as a chat shows them: a heading, and each line slanted by itself. */
export function formatReasoningMessage(text: string): string {
  const thoughts = text.trim();
  if (thoughts === "") return "";
  const lines = thoughts.split("\n").map((line) => (line === "" ? line : `_${line}_`));
  return ["Thinking", "", ...lines].join("\n");
}
