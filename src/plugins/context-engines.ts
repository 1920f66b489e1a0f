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
const HOST_PARAMETERS: readonly string[] = [
  "runtimeSettings",
  "availableTools",
  "citationsMode",
  "runtimeContext",
];
/** Without these a call means nothing. */
const ESSENTIAL: ReadonlySet<string> = new Set(["sessionId", "sessionKey", "messages", "message"]);
const REFUSAL =
  /\b(unknown|unrecognized|unexpected|additional)\b.*\b(key|keys|property|properties|argument|parameter)/i;

type Params = Readonly<Record<string, unknown>>;

/**
 * Calls engines, and remembers which parameters they do not take: such a call is repeated without `runtimeSettings`
 * and those that the engine names or does not list in `acceptedHostParams`, and later calls leave them out from the
 * start (spec 3.16).
 */
export class ContextEngineCaller {
  readonly #refused = new WeakMap<StrictEngine, ReadonlySet<string>>();

  /** @throws whatever the engine throws for another reason */
  async call(engine: StrictEngine, method: EngineCall, params: Params): Promise<unknown> {
    const run = engine[method] as (params: object) => unknown;
    const refused = new Set(this.#refused.get(engine));
    for (;;) {
      const left = Object.fromEntries(Object.entries(params).filter(([key]) => !refused.has(key)));
      try {
        const result = await run.call(engine, left);
        if (refused.size > 0) this.#refused.set(engine, refused);
        return result;
      } catch (error) {
        const more = refusedParameters(engine, errorMessage(error), left);
        if (more.length === 0) throw error;
        for (const key of more) refused.add(key);
      }
    }
  }
}

/** What to leave out of a call that failed with `text`; nothing when it failed for another reason. */
function refusedParameters(engine: StrictEngine, text: string, params: Params): readonly string[] {
  const optional = Object.keys(params).filter((key) => !ESSENTIAL.has(key));
  const isRefusal = REFUSAL.test(text);
  const named = optional.filter(
    (key) => (isRefusal || HOST_PARAMETERS.includes(key)) && new RegExp(`\\b${key}\\b`).test(text),
  );
  if (!isRefusal && named.length === 0) return [];
  const { acceptedHostParams: accepted } = engine.info;
  if (accepted) return optional.filter((key) => !accepted.includes(key));
  const newest = named.length > 0 ? ["runtimeSettings", ...named] : HOST_PARAMETERS;
  return optional.filter((key) => newest.includes(key));
}
