import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  PluginConfigSnapshot,
  PluginRuntimeAgent,
  PluginRuntimeLlm,
  PluginRuntimeSubagent,
  SessionEntry,
} from "../contracts/runtime.ts";
import type { Clock } from "../kernel/clock.ts";
import { isInside } from "../kernel/confine-path.ts";
import { SluiceError } from "../kernel/errors.ts";
import { newUuid } from "../kernel/ids.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Store } from "../store/index.ts";
import type { SessionRecord } from "../store/procedures/session-rows.ts";
import { runEmbeddedAgent } from "./agent/embedded-run.ts";
import {
  agentDir,
  agentModelRef,
  agentSessionsDir,
  agentSettings,
  agentWorkspaceDir,
  DEFAULT_AGENT_ID,
  defaultAgentId,
  MAX_RUN_TIMEOUT_MS,
} from "./agent/settings.ts";
import type { AgentRuntime } from "./agent/types.ts";
import type { ConfigService, SluiceConfig } from "./config/types.ts";
import { completeForPlugin } from "./models/completion.ts";
import { parseModelRef } from "./models/model-ref.ts";
import { normalizeThinkingLevel, thinkingPolicy } from "./models/thinking.ts";
import type { Models } from "./models/types.ts";
import { publicEntry, type Sessions } from "./sessions/index.ts";

/** The rooms behind the conversation part of `api.runtime`. */
export interface ConversationRooms {
  store: Store;
  agent: AgentRuntime;
  sessions: Sessions;
  models: Models;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  stateDir: string;
}

/** `api.runtime.agent.defaults` while no model is configured; the offline model always exists. */
const FALLBACK_MODEL = "echo/echo-1";
const MAX_LISTED_ENTRIES = 500;

/** `api.runtime.agent` (spec 4.2). */
export function agentNamespace(rooms: ConversationRooms): PluginRuntimeAgent {
  const { stateDir } = rooms;
  const current = () => rooms.config.current().config;
  const idOf = (config: PluginConfigSnapshot, agentId?: string) =>
    agentId ?? defaultAgentId(config as SluiceConfig);
  const run: PluginRuntimeAgent["runEmbeddedAgent"] = (params) => runEmbeddedAgent(rooms, params);
  return {
    get defaults() {
      const model = agentModelRef(current()) ?? FALLBACK_MODEL;
      return { model, provider: parseModelRef(model)?.provider ?? model };
    },
    /** Older plugins read the default agent's workspace as a member. */
    get workspaceDir() {
      return agentWorkspaceDir(current(), stateDir, defaultAgentId(current()));
    },
    resolveAgentDir: (config, agentId) => agentDir(stateDir, idOf(config, agentId)),
    resolveAgentWorkspaceDir: (config, agentId) =>
      agentWorkspaceDir(config as SluiceConfig, stateDir, idOf(config, agentId)),
    resolveAgentIdentity: (config, agentId) =>
      agentSettings(config as SluiceConfig, idOf(config, agentId)).identity,
    async ensureAgentWorkspace(given) {
      const params = given as { dir?: unknown };
      const dir =
        typeof params.dir === "string"
          ? params.dir
          : agentWorkspaceDir(current(), stateDir, defaultAgentId(current()));
      await mkdir(dir, { recursive: true, mode: 0o700 });
      return { dir };
    },
    resolveAgentTimeoutMs: (given) => timeoutOf(given, current()),
    normalizeThinkingLevel,
    resolveThinkingPolicy: ({ provider, model }) => {
      const owner = rooms.models.ownerOf(provider);
      const profile = owner?.resolveThinkingProfile?.({ provider, modelId: model });
      return thinkingPolicy({ reasoning: profile !== null && profile !== undefined }, profile);
    },
    resolveThinkingDefault: ({ cfg, provider, model }) => {
      const config = (cfg ?? current()) as SluiceConfig;
      const configured = agentSettings(config, defaultAgentId(config)).thinking;
      if (configured) return configured;
      const profile = rooms.models.ownerOf(provider)?.resolveThinkingProfile?.({ provider, modelId: model });
      return thinkingPolicy({ reasoning: profile !== null && profile !== undefined }, profile).defaultLevel;
    },
    runEmbeddedAgent: run,
    runEmbeddedPiAgent: run,
    session: sessionNamespace(rooms),
  };
}

/** `api.runtime.agent.session`: sessions are rows; a store path is a handle that names them all. */
function sessionNamespace(rooms: ConversationRooms): PluginRuntimeAgent["session"] {
  const { store, sessions, clock, stateDir } = rooms;
  const list = async (params: { agentId?: string; limit?: number } = {}) => {
    const page = await store.call.sessions.list({
      limit: Math.min(params.limit ?? MAX_LISTED_ENTRIES, MAX_LISTED_ENTRIES),
      ...(params.agentId ? { agentId: params.agentId } : {}),
    });
    return page.sessions.map((session) => ({ sessionKey: session.sessionKey, entry: entryOf(session) }));
  };
  const change = async (params: {
    sessionKey: string;
    update(entry: SessionEntry): Partial<SessionEntry> | null;
    fallbackEntry?: SessionEntry;
  }): Promise<SessionEntry | null> => {
    const key = sessions.key(params.sessionKey);
    const found = await sessions.get(key.sessionKey);
    const before = found ? entryOf(found) : params.fallbackEntry;
    if (!before) return null;
    const patch = params.update(before);
    if (patch === null) return found ? before : null;
    const { sessionId: _id, updatedAt: _at, lifecycleRevision: _revision, label, ...fields } = patch;
    const result = await store.call.sessions.patch({
      sessionKey: key.sessionKey,
      patch: fields,
      now: clock.now(),
      ...(label === undefined ? {} : { label }),
      // Whoever reset the session in between wins.
      ...(found
        ? { expectedLifecycleRevision: found.lifecycleRevision }
        : {
            create: {
              agentId: key.agentId,
              sessionId: params.fallbackEntry?.sessionId ?? newUuid(),
              lifecycleRevision: newUuid(),
            },
          }),
    });
    if ("refused" in result) {
      throw new SluiceError("SESSION_CONFLICT", `the session was not changed: ${result.refused}`, {
        retryable: true,
      });
    }
    return entryOf(result.session);
  };
  const sessionsDir = (agentId = DEFAULT_AGENT_ID) => agentSessionsDir(stateDir, agentId);
  return {
    resolveStorePath: (...args) => {
      const options = args.find((arg) => typeof arg === "object" && arg !== null && "agentId" in arg);
      const agentId = (options as { agentId?: unknown } | undefined)?.agentId;
      return join(sessionsDir(typeof agentId === "string" ? agentId : undefined), "sessions.json");
    },
    loadSessionStore: () => {
      const page = store.callSync.sessions.list({ limit: MAX_LISTED_ENTRIES });
      const rows = Object.fromEntries(page.sessions.map((session) => [session.sessionKey, entryOf(session)]));
      // Older plugins use the answer at once, newer ones wait for it: the promise has the rows as well.
      return Object.assign(Promise.resolve(structuredClone(rows)), rows);
    },
    getSessionEntry: async ({ sessionKey, agentId }) => {
      const found = await sessions.get(sessions.key(sessionKey, agentId).sessionKey);
      return found && entryOf(found);
    },
    listSessionEntries: list,
    patchSessionEntry: change,
    updateSessionStoreEntry: change,
    resolveSessionFilePath: (...args) => {
      const sessionId = args.find((arg) => typeof arg === "string");
      const folder = sessionsDir();
      const file = join(folder, `${sessionId}.jsonl`);
      if (!sessionId || !isInside(folder, file) || file === folder) {
        throw new SluiceError("PATH_OUTSIDE_ROOT", "expected a session id, not a path");
      }
      return file;
    },
  };
}

/** `api.runtime.llm` (spec 4.3). */
export function llmNamespace(rooms: ConversationRooms, pluginId: string): PluginRuntimeLlm {
  return { complete: (params) => completeForPlugin({ ...rooms, pluginId }, params) };
}

const DEFAULT_WAIT_MS = 30_000;
const MAX_READ_MESSAGES = 1_000;

/** `api.runtime.subagent` (spec 4.4). A plugin deletes only sessions that it opened itself. */
export function subagentNamespace(rooms: ConversationRooms, pluginId: string): PluginRuntimeSubagent {
  const { agent, sessions, config, store } = rooms;
  return {
    async run(params) {
      const key = sessions.key(params.sessionKey);
      const policy = config.current().config.plugins?.entries?.[pluginId]?.["subagent"] as
        | { allowModelOverride?: boolean; allowedModels?: string[] }
        | undefined;
      const model = params.model && params.provider ? `${params.provider}/${params.model}` : params.model;
      const allowed =
        policy?.allowModelOverride === true && (policy.allowedModels?.includes(model ?? "") ?? true);
      if ((params.model || params.provider) && !allowed) {
        throw new SluiceError(
          "SUBAGENT_OVERRIDE_DENIED",
          `a model can be chosen only with plugins.entries.${pluginId}.subagent.allowModelOverride: true`,
        );
      }
      const existed = await sessions.get(key.sessionKey);
      const runId = params.idempotencyKey ? `${pluginId}:${params.idempotencyKey}` : newUuid();
      const accepted = await agent.accept({
        runId,
        ...key,
        origin: "plugin",
        text: params.message,
        ...(existed ? {} : { sessionPatch: { ownerPluginId: pluginId, createdVia: "plugin" } }),
        ...(model ? { model } : {}),
        ...(params.extraSystemPrompt ? { extraSystemPrompt: params.extraSystemPrompt } : {}),
      });
      return { runId: accepted.runId, sessionKey: accepted.sessionKey };
    },
    async waitForRun({ runId, timeoutMs = DEFAULT_WAIT_MS }) {
      const outcome = await agent.wait(runId, timeoutMs);
      if (outcome) {
        const timedOut = outcome.stopReason === "timeout";
        return {
          status: outcome.status === "done" ? "ok" : timedOut ? "timeout" : "error",
          startedAt: outcome.startedAt,
          endedAt: outcome.endedAt,
          ...(outcome.error ? { error: outcome.error.message } : {}),
        };
      }
      const started = agent.activeRuns().some((run) => run.runId === runId);
      return { status: started ? "timeout" : "pending" };
    },
    async getSessionMessages({ sessionKey, limit }) {
      const page = await store.call.transcripts.page({
        sessionKey: sessions.key(sessionKey).sessionKey,
        limit: Math.min(limit ?? MAX_READ_MESSAGES, MAX_READ_MESSAGES),
      });
      const messages = (page?.entries ?? [])
        .filter((entry) => entry.type === "message")
        .map((entry) => JSON.parse(entry.body) as unknown);
      return { messages };
    },
    async deleteSession({ sessionKey, deleteTranscript = true }) {
      const key = sessions.key(sessionKey);
      const found = await sessions.get(key.sessionKey);
      if (!found) return;
      if (found.entry["ownerPluginId"] !== pluginId) {
        throw new SluiceError(
          "SESSION_NOT_OWNED",
          `${pluginId} may delete only sessions that it opened itself`,
        );
      }
      await sessions.delete(key, { deleteTranscript });
    },
  };
}

function entryOf(session: SessionRecord): SessionEntry {
  return publicEntry(session) as SessionEntry;
}

/** Takes a configuration, or the parameters of the newer form (spec 0.2). */
function timeoutOf(given: object, fallback: SluiceConfig): number {
  const newer = ["cfg", "overrideMs", "overrideSeconds", "minMs"].some((key) => Object.hasOwn(given, key));
  const params = (newer ? given : { cfg: given }) as {
    cfg?: SluiceConfig;
    overrideMs?: number;
    overrideSeconds?: number;
    minMs?: number;
  };
  const config = params.cfg ?? fallback;
  const seconds = params.overrideSeconds === undefined ? undefined : params.overrideSeconds * 1_000;
  const wanted = params.overrideMs ?? seconds ?? agentSettings(config, defaultAgentId(config)).timeoutMs;
  const unlimited = wanted === 0 ? MAX_RUN_TIMEOUT_MS : wanted;
  return Math.min(Math.max(unlimited, params.minMs ?? 1), MAX_RUN_TIMEOUT_MS);
}
