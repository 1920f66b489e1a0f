import type { ContextEngineFactory } from "../contracts/capabilities.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { RegistryGeneration } from "./types.ts";

/** The engine that is built in; it has no factory. */
export const LEGACY_ENGINE = "legacy";

/** The factory of the engine `plugins.slots.contextEngine` selects, or `undefined` for the built-in one. */
export function contextEngineFactory(
  generation: RegistryGeneration,
  selected: string,
  logger: Logger,
): ContextEngineFactory | undefined {
  if (selected === LEGACY_ENGINE || selected === "none") return undefined;
  const entry =
    generation.get<{ factory: ContextEngineFactory }>("contextEngine", selected) ??
    generation
      .list<{ factory: ContextEngineFactory }>("contextEngine")
      .find(({ pluginId }) => pluginId === selected);
  if (!entry) logger.warn(`the context engine "${selected}" is not registered; the built-in one is used`);
  return entry?.value.factory;
}

type EngineCall = "assemble" | "compact" | "ingest" | "afterTurn" | "bootstrap" | "maintain";

export interface StrictEngine {
  readonly info: { readonly id: string; readonly acceptedHostParams?: readonly string[] };
  readonly [call: string]: unknown;
}

/** Parameters newer hosts add; an engine that checks its arguments strictly may refuse them. */
const HOST_PARAMETERS = ["runtimeSettings", "availableTools", "citationsMode", "runtimeContext"] as const;

/**
 * Calls engines, and remembers which of them do not take newer parameters: such a call is repeated once
 * without them, and later calls leave them out from the start (spec 3.16).
 */
export class ContextEngineCaller {
  readonly #strict = new WeakSet<StrictEngine>();

  /** @throws whatever the engine throws for another reason */
  async call(
    engine: StrictEngine,
    method: EngineCall,
    params: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const run = engine[method] as (params: object) => unknown;
    if (this.#strict.has(engine)) return run.call(engine, this.#reduced(engine, params));
    try {
      return await run.call(engine, params);
    } catch (error) {
      if (!refusesParameter(error)) throw error;
      const result = await run.call(engine, this.#reduced(engine, params));
      this.#strict.add(engine);
      return result;
    }
  }

  #reduced(engine: StrictEngine, params: Readonly<Record<string, unknown>>): object {
    const accepted = engine.info.acceptedHostParams ?? [];
    return Object.fromEntries(
      Object.entries(params).filter(
        ([key]) => !HOST_PARAMETERS.includes(key as "runtimeSettings") || accepted.includes(key),
      ),
    );
  }
}

function refusesParameter(error: unknown): boolean {
  const text = errorMessage(error);
  const named = HOST_PARAMETERS.some((name) => text.includes(name));
  return (
    named ||
    /\b(unknown|unrecognized|unexpected|additional)\b.*\b(key|keys|property|properties|argument|parameter)/i.test(
      text,
    )
  );
}
