import { join } from "node:path";
import type { ContextEngineFactory } from "../../contracts/capabilities.ts";
import type { Message } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { readPluginSettings } from "../../plugins/activation/plugin-settings.ts";
import {
  ContextEngineCaller,
  contextEngineFactory,
  LEGACY_ENGINE,
  type StrictEngine,
} from "../../plugins/context-engines.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import { agentWorkspaceDir } from "../agent/settings.ts";
import type { ConfigService } from "../config/types.ts";
import { completeForPlugin } from "../models/completion.ts";
import type { Models } from "../models/types.ts";

/** How long a turn waits for a context engine before it goes on with the built-in one. */
export const CONTEXT_ENGINE_LIMIT_MS = 15_000;

export interface ContextEnginesOptions {
  registry: RegistryReader;
  config: ConfigService;
  models: Models;
  clock: Clock;
  logger: Logger;
  stateDir: string;
}

/** The turn an engine works for. */
export interface EngineTurn {
  sessionId: string;
  sessionKey: string;
  agentId: string;
  provider: string;
  model: string;
  /** `provider/model` that was asked for, if any. */
  requested?: string;
  contextWindow: number;
}

export interface AssembledContext {
  messages: Message[];
  systemPromptAddition?: string;
}

/**
 * Runs the context engine in the slot (plugin-sdk spec 3.16). When it fails, the turn goes on with the
 * built-in one and a warning.
 */
export class ContextEngines {
  readonly #options: ContextEnginesOptions;
  readonly #caller = new ContextEngineCaller();
  readonly #engines = new WeakMap<ContextEngineFactory, Map<string, Promise<StrictEngine>>>();

  constructor(options: ContextEnginesOptions) {
    this.#options = options;
  }

  /** The context an engine makes of earlier messages; `undefined` where the built-in one works. */
  async assemble(
    turn: EngineTurn,
    input: { messages: readonly Message[]; prompt: string; tools: readonly string[] },
  ): Promise<AssembledContext | undefined> {
    const { clock } = this.#options;
    const made = await this.#guarded("assemble", turn, (engine) =>
      withDeadline(
        this.#caller.call(engine, "assemble", {
          sessionId: turn.sessionId,
          sessionKey: turn.sessionKey,
          messages: structuredClone(input.messages),
          tokenBudget: turn.contextWindow,
          availableTools: new Set(input.tools),
          citationsMode: citationsMode(this.#options.config),
          model: `${turn.provider}/${turn.model}`,
          prompt: input.prompt,
          runtimeSettings: runtimeSettings(turn, engine.info.id),
          runtimeContext: this.#runtimeContext(turn),
        }),
        CONTEXT_ENGINE_LIMIT_MS,
        "assemble()",
        clock,
      ),
    );
    const { messages, systemPromptAddition } = (made ?? {}) as Partial<AssembledContext>;
    if (!Array.isArray(messages)) return undefined;
    return {
      messages,
      ...(typeof systemPromptAddition === "string" && systemPromptAddition !== ""
        ? { systemPromptAddition }
        : {}),
    };
  }

  /** Hands over what a turn added. Callers need not wait. */
  async settled(turn: EngineTurn, messages: readonly Message[]): Promise<void> {
    await this.#guarded("ingest", turn, async (engine) => {
      const { sessionId, sessionKey } = turn;
      for (const message of messages) {
        await this.#caller.call(engine, "ingest", {
          sessionId,
          sessionKey,
          message: structuredClone(message),
        });
      }
      if (typeof engine["afterTurn"] !== "function") return;
      await this.#caller.call(engine, "afterTurn", {
        sessionId,
        sessionKey,
        messages: structuredClone(messages),
        runtimeSettings: runtimeSettings(turn, engine.info.id),
        runtimeContext: this.#runtimeContext(turn),
      });
    });
  }

  async #guarded(
    what: string,
    turn: EngineTurn,
    work: (engine: StrictEngine) => Promise<unknown>,
  ): Promise<unknown> {
    const { registry, config, logger } = this.#options;
    const generation = registry.current();
    if (generation.list("contextEngine").length === 0) return undefined;
    const selected = readPluginSettings(config.current().config).slots.contextEngine;
    if (selected === LEGACY_ENGINE) return undefined;
    const factory = contextEngineFactory(generation, selected, logger);
    if (!factory) return undefined;
    try {
      return await work(await this.#engine(factory, turn.agentId));
    } catch (error) {
      logger.warn(`${what}() of the context engine failed; the built-in one is used`, {
        engine: selected,
        error: errorMessage(error),
      });
      return undefined;
    }
  }

  /** One engine for each agent, made on first use; a failed start is tried again by the next turn. */
  #engine(factory: ContextEngineFactory, agentId: string): Promise<StrictEngine> {
    const engines = this.#engines.get(factory) ?? new Map<string, Promise<StrictEngine>>();
    this.#engines.set(factory, engines);
    const known = engines.get(agentId);
    if (known) return known;
    const { config, stateDir } = this.#options;
    const made = Promise.resolve(
      factory({
        config: config.current().config,
        agentDir: join(stateDir, "agents", agentId),
        workspaceDir: agentWorkspaceDir(config.current().config, stateDir, agentId),
      }),
    ).then((engine) => engine as StrictEngine);
    engines.set(agentId, made);
    made.catch(() => engines.delete(agentId));
    return made;
  }

  /** What an engine may ask the model for: as the session's own agent, never as another one. */
  #runtimeContext(turn: EngineTurn) {
    const { models, config, clock } = this.#options;
    const rooms = { models, config, clock, pluginId: "context-engine", boundAgentId: turn.agentId };
    return {
      llm: {
        complete: (params: Parameters<typeof completeForPlugin>[1]) => completeForPlugin(rooms, params),
      },
    };
  }
}

/** How answers should name where memories come from: `memory.citations`, else `auto`. */
export function citationsMode(config: Pick<ConfigService, "current">): string {
  const memory = config.current().config["memory"];
  const mode = (memory as { citations?: unknown } | undefined)?.citations;
  return typeof mode === "string" ? mode : "auto";
}

function runtimeSettings(turn: EngineTurn, selectedId: string) {
  const ref = `${turn.provider}/${turn.model}`;
  return {
    schemaVersion: 1,
    runtime: { host: "sluice", mode: "normal", harnessId: "sluice", runtimeId: "sluice" },
    model: {
      requested: turn.requested ?? ref,
      resolved: ref,
      provider: turn.provider,
      family: turn.model.split(/[-:/]/, 1)[0] ?? turn.model,
    },
    contextEngineSelection: { selectedId, source: "config" },
    executionHost: { id: "gateway", label: "Gateway" },
    limits: { promptTokenBudget: turn.contextWindow, maxOutputTokens: null },
    diagnostics: { fallbackReason: null, degradedReason: null },
  };
}
