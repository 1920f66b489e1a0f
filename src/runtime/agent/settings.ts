import { join } from "node:path";
import type { SluiceConfig } from "../config/types.ts";
import { isExclusive } from "./tool-lists.ts";

export const DEFAULT_AGENT_ID = "main";
export const DEFAULT_MAIN_KEY = "main";
/** `agents.defaults.timeoutSeconds` when it is not set (spec 3.5). */
export const DEFAULT_RUN_TIMEOUT_SECONDS = 172_800;
/** Turns that run at once, `agents.defaults.maxConcurrent`. */
export const DEFAULT_MAX_CONCURRENT = 8;
/** Longest time-out a timer can hold. */
export const MAX_RUN_TIMEOUT_MS = 2_147_483_647;
/** The name an agent has until it is given one. */
export const DEFAULT_AGENT_NAME = "Assistant";

export interface AgentSettings {
  id: string;
  name?: string;
  identity?: { name?: string; emoji?: string; theme?: string; avatar?: string };
  model?: string;
  fallbacks: string[];
  workspace?: string;
  systemPrompt?: string;
  thinking?: string;
  timeoutMs: number;
  /** Names, plugin ids or groups; what optional tools need to be offered. */
  toolsAllow: string[];
  /** Lists that leave out whatever they do not name; a tool must be in each of them. */
  toolsOnly: string[][];
  toolsDeny: string[];
}

type Section = Readonly<Record<string, unknown>>;

/** What the configuration says about one agent, defaults applied. */
export function agentSettings(config: SluiceConfig, agentId: string = DEFAULT_AGENT_ID): AgentSettings {
  const defaults = section(config.agents?.["defaults"]);
  const own = agentRows(config).find((row) => row["id"] === agentId) ?? {};
  const model = modelSetting(own["model"]) ?? modelSetting(defaults["model"]);
  const identity = section(
    own["identity"] ?? (agentId === DEFAULT_AGENT_ID ? config["identity"] : undefined),
  );
  const tools = section(config["tools"]);
  const ownTools = section(own["tools"]);
  const name = text(own["name"]);
  const workspace =
    text(own["workspace"]) ?? (agentId === DEFAULT_AGENT_ID ? text(defaults["workspace"]) : undefined);
  const systemPrompt = text(own["systemPrompt"]) ?? text(defaults["systemPrompt"]);
  const thinking = text(own["thinkingDefault"]) ?? text(defaults["thinkingDefault"]);
  return {
    id: agentId,
    ...(name ? { name } : {}),
    ...(Object.keys(identity).length > 0 ? { identity: identity as AgentSettings["identity"] } : {}),
    ...(model?.primary ? { model: model.primary } : {}),
    fallbacks: model?.fallbacks ?? [],
    ...(workspace ? { workspace } : {}),
    ...(systemPrompt ? { systemPrompt } : {}),
    ...(thinking ? { thinking } : {}),
    timeoutMs: timeoutOf(own["timeoutSeconds"] ?? defaults["timeoutSeconds"]),
    toolsAllow: [tools, ownTools].flatMap((from) => [...texts(from["allow"]), ...texts(from["alsoAllow"])]),
    toolsOnly: [tools, ownTools]
      .filter((from) => isExclusive(texts(from["allow"])))
      .map((from) => [...texts(from["allow"]), ...texts(from["alsoAllow"])]),
    toolsDeny: [...texts(tools["deny"]), ...texts(ownTools["deny"])],
  } as AgentSettings;
}

/** Ids of all agents, the default one first when the configuration names none. */
export function agentIds(config: SluiceConfig): string[] {
  const ids = agentRows(config)
    .map((row) => text(row["id"]))
    .filter((id) => id !== undefined);
  return ids.length > 0 ? ids : [DEFAULT_AGENT_ID];
}

/** The agent that speaks when nobody chose one. */
export function defaultAgentId(config: SluiceConfig): string {
  const rows = agentRows(config);
  const marked = rows.find((row) => row["default"] === true) ?? rows[0];
  return text(marked?.["id"]) ?? DEFAULT_AGENT_ID;
}

/** The configured model of an agent, or of `agents.defaults`. */
export function agentModelRef(config: SluiceConfig, agentId?: string): string | undefined {
  return agentSettings(config, agentId ?? defaultAgentId(config)).model;
}

export function maxConcurrentTurns(config: SluiceConfig): number {
  const value = section(config.agents?.["defaults"])["maxConcurrent"];
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : DEFAULT_MAX_CONCURRENT;
}

/** `session.mainKey`: the last part of an agent's main session key. */
export function mainKey(config: SluiceConfig): string {
  return text(config.session?.["mainKey"]) ?? DEFAULT_MAIN_KEY;
}

export function agentDir(stateDir: string, agentId: string): string {
  return join(stateDir, "agents", agentId, "agent");
}

/** Where the sessions of an agent lie for those that go by paths; its rows are in the database. */
export function agentSessionsDir(stateDir: string, agentId: string): string {
  return join(stateDir, "agents", agentId, "sessions");
}

export function agentWorkspaceDir(config: SluiceConfig, stateDir: string, agentId: string): string {
  const configured = agentSettings(config, agentId).workspace;
  if (configured) return configured;
  const folder = agentId === defaultAgentId(config) ? "workspace" : `workspace-${agentId}`;
  return join(stateDir, folder);
}

/** The workspaces of all agents, each once; where plugins under development may lie. */
export function agentWorkspaces(config: SluiceConfig, stateDir: string): string[] {
  return [...new Set(agentIds(config).map((id) => agentWorkspaceDir(config, stateDir, id)))];
}

function agentRows(config: SluiceConfig): Section[] {
  const rows = config.agents?.["list"];
  return Array.isArray(rows) ? rows.map(section) : [];
}

function modelSetting(value: unknown): { primary?: string; fallbacks: string[] } | undefined {
  if (typeof value === "string" && value.trim()) return { primary: value.trim(), fallbacks: [] };
  const row = section(value);
  const primary = text(row["primary"]);
  return primary ? { primary, fallbacks: texts(row["fallbacks"]) } : undefined;
}

function timeoutOf(seconds: unknown): number {
  const value = typeof seconds === "number" && seconds >= 0 ? seconds : DEFAULT_RUN_TIMEOUT_SECONDS;
  return Math.min(value * 1_000, MAX_RUN_TIMEOUT_MS);
}

function section(value: unknown): Section {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Section) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim().length > 0 ? value.trim() : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
