import { isRecord } from "../../kernel/records.ts";
import type { GenerationKind, OptionRule } from "./kinds.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An option that a provider does not take, and what it was. */
export interface IgnoredOverride {
  readonly key: string;
  readonly value: unknown;
}

/** A number that was changed into one the provider takes. */
export interface Normalized {
  readonly requested: number;
  readonly applied: number;
}

/** A request as one provider takes it, or why it takes none such. */
export type FittedRequest =
  | {
      readonly fields: Fields;
      readonly ignored: readonly IgnoredOverride[];
      readonly normalization: Readonly<Record<string, Normalized>>;
    }
  | { readonly unfit: string };

const INPUTS = [
  { key: "inputImages", limit: "maxInputImages", noun: "images" },
  { key: "inputVideos", limit: "maxInputVideos", noun: "videos" },
  { key: "inputAudios", limit: "maxInputAudios", noun: "sounds" },
] as const;

/**
 * Fits a request to a provider's capabilities (spec 2.10): options it does not take are left out and told,
 * numbers are brought into its range. Too many inputs, a mode it has not, and options that it declares otherwise
 * make it the wrong provider.
 */
export function fitRequest(
  kind: GenerationKind,
  capabilities: unknown,
  model: string,
  request: Fields,
): FittedRequest {
  const whole = isRecord(capabilities) ? capabilities : {};
  const mode = modeOf(kind, whole, request);
  if (typeof mode === "string") return { unfit: mode };
  for (const { key, limit, noun } of INPUTS) {
    const given = request[key];
    const most = byModel(mode, limit, model);
    if (Array.isArray(given) && typeof most === "number" && given.length > most) {
      return { unfit: `it takes ${most} ${noun} at most, not ${given.length}` };
    }
  }
  const mismatch = optionMismatch(mode["providerOptions"], request["providerOptions"]);
  if (mismatch) return { unfit: mismatch };
  const fields: Record<string, unknown> = { ...request };
  const ignored: IgnoredOverride[] = [];
  for (const rule of kind.options) {
    const value = fields[rule.key];
    if (value === undefined || takes(rule, value, mode, whole, model)) continue;
    ignored.push({ key: rule.key, value });
    delete fields[rule.key];
  }
  const normalization: Record<string, Normalized> = {};
  const bring = (key: string, to: (requested: number) => number) => {
    const requested = fields[key];
    if (typeof requested !== "number") return;
    const applied = to(requested);
    if (applied === requested) return;
    fields[key] = applied;
    normalization[key] = { requested, applied };
  };
  const most = byModel(mode, "maxCount", model);
  if (typeof most === "number" && most > 0) bring("count", (requested) => Math.min(requested, most));
  const steps = byModel(mode, "supportedDurationSeconds", model);
  const longest = byModel(mode, "maxDurationSeconds", model);
  if (Array.isArray(steps) && steps.length > 0)
    bring("durationSeconds", (requested) => nearest(requested, steps));
  else if (typeof longest === "number") bring("durationSeconds", (requested) => Math.min(requested, longest));
  return { fields, ignored, normalization };
}

/** What a provider can do with such inputs, or why it can not. */
function modeOf(kind: GenerationKind, whole: Fields, request: Fields): Fields | string {
  const has = (key: string) => Array.isArray(request[key]) && request[key].length > 0;
  const names =
    kind.noun === "video"
      ? has("inputVideos")
        ? "videoToVideo"
        : has("inputImages")
          ? "imageToVideo"
          : "generate"
      : has("inputImages")
        ? "edit"
        : "generate";
  const own = isRecord(whole[names]) ? whole[names] : undefined;
  if (names !== "generate") {
    const declaredOnTop =
      typeof whole[names === "videoToVideo" ? "maxInputVideos" : "maxInputImages"] === "number";
    if (own ? own["enabled"] === false : !declaredOnTop) return `it has no mode "${names}"`;
  }
  return { ...whole, ...own };
}

function takes(
  { flag, list, part, key }: OptionRule,
  value: unknown,
  mode: Fields,
  whole: Fields,
  model: string,
): boolean {
  const place = part ? whole[part] : mode;
  const values = list && isRecord(place) ? byModel(place, list, model) : undefined;
  if (flag && mode[flag] !== true && !Array.isArray(values)) return false;
  if (flag && mode[flag] === false) return false;
  if (!Array.isArray(values)) return flag !== undefined;
  // Automatic is no value of its own.
  return values.includes(value) || ((key === "quality" || key === "background") && value === "auto");
}

/** A member for one model (`<name>ByModel`), else the one for all. */
function byModel(place: Fields, name: string, model: string): unknown {
  const models = place[`${name}ByModel`];
  return isRecord(models) && Object.hasOwn(models, model) ? models[model] : place[name];
}

function nearest(requested: number, steps: readonly unknown[]): number {
  const numbers = steps.filter((step) => typeof step === "number");
  return numbers.reduce(
    (best, step) => (Math.abs(step - requested) < Math.abs(best - requested) ? step : best),
    numbers[0] ?? requested,
  );
}

/** Options a provider declares with their types; those it does not declare, or of another type, are not for it. */
function optionMismatch(declared: unknown, given: unknown): string | undefined {
  if (!isRecord(declared) || !isRecord(given)) return undefined;
  for (const [key, value] of Object.entries(given)) {
    const type = Object.hasOwn(declared, key) ? declared[key] : undefined;
    if (type === undefined) return `it has no option "${key}"`;
    if (typeof value !== type) return `its option "${key}" is a ${String(type)}`;
  }
  return undefined;
}
