import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { AgentSettings } from "./settings.ts";
import { textOrUndefined } from "./text-fields.ts";

interface ModelOverride {
  modelOverride?: string;
  providerOverride?: string;
}

/**
 * The models a run may use (spec 2.6): the one that is asked for by a hook, the request or the session, in this
 * order, or else the agent's; then the configured fallbacks, and the agent's own where another was asked for.
 * What a user chose for the session is meant: nothing takes its place. A request may name its fallbacks itself.
 *
 * @returns references; `undefined` is the default model
 */
export function modelCandidates(
  request: TurnRequest,
  begun: BegunTurn,
  settings: AgentSettings,
  override: ModelOverride,
): (string | undefined)[] {
  const { entry } = begun.session;
  const asked = override.modelOverride ?? request.model;
  const chosen = asked === undefined ? textOrUndefined(entry["modelOverride"]) : undefined;
  const provider = override.providerOverride ?? (asked === undefined ? entry["providerOverride"] : undefined);
  const first = withProvider(asked ?? chosen, textOrUndefined(provider));
  const stated = request.context?.["modelFallbacks"];
  if (Array.isArray(stated)) {
    return [first, ...stated.filter((ref): ref is string => typeof ref === "string" && ref !== "")];
  }
  if (chosen !== undefined) return [first];
  return [first, ...settings.fallbacks, ...(first === undefined || !settings.model ? [] : [settings.model])];
}

function withProvider(model: string | undefined, provider: string | undefined): string | undefined {
  if (model === undefined || provider === undefined || model.startsWith(`${provider}/`)) return model;
  return `${provider}/${model}`;
}
