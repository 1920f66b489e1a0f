import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { agentDir, agentModelRef, defaultAgentId } from "../agent/settings.ts";
import { parseModelRef } from "../models/model-ref.ts";
import { type ProviderAttempt, providerNamed, sectionAt, textAt } from "../provider-choice.ts";
import { fitRequest, type IgnoredOverride, type Normalized } from "./fit-request.ts";
import type { GenerationKind } from "./kinds.ts";

type Config = Readonly<Record<string, unknown>>;

export type GenerationErrorCode = "GENERATION_UNAVAILABLE" | "GENERATION_FAILED" | "GENERATION_INVALID";

/** Longest description of what to make. */
export const MAX_PROMPT_CHARS = 32_768;
/** Model of a provider that names none. */
const ANY_MODEL = "default";

/** The members of a generation provider that the host reads (spec 2.9). */
export interface GenerationProviderMembers {
  id: string;
  aliases?: string[];
  label?: string;
  defaultModel?: string;
  models?: readonly string[];
  defaultTimeoutMs?: number;
  capabilities: unknown;
  isConfigured?(context: { cfg: Config; agentDir: string }): boolean;
  [method: string]: unknown;
}

export interface GenerationParams {
  prompt: string;
  cfg?: Config;
  /** The same as `cfg`. */
  config?: Config;
  /** `provider/model`, asked first. */
  modelOverride?: string;
  /** False asks only what is named. Default true. */
  autoProviderFallback?: boolean;
  timeoutMs?: number;
  agentDir?: string;
  [option: string]: unknown;
}

export interface GenerationAttempt extends ProviderAttempt {
  readonly model: string;
}

/** What was made, as `images`, `videos` or `tracks`, and how it came to be. */
export type GenerationResult = {
  provider: string;
  model: string;
  attempts: readonly GenerationAttempt[];
  /** Options the provider does not take. */
  ignoredOverrides: readonly IgnoredOverride[];
  normalization?: Readonly<Record<string, Normalized>>;
  metadata?: unknown;
  lyrics?: unknown;
} & Record<string, unknown>;

/** `api.runtime.imageGeneration`, `videoGeneration` and `musicGeneration` (spec 4.9). */
export interface PluginRuntimeGeneration {
  /** @throws SluiceError with a {@link GenerationErrorCode}; the message says what each provider answered */
  generate(params: GenerationParams | { config?: Config; args: GenerationParams }): Promise<GenerationResult>;
  /** Those that are configured first, each group by id. */
  listProviders(params?: { config?: Config; cfg?: Config }): readonly GenerationProviderMembers[];
}

export interface GenerationRooms {
  registry: RegistryReader;
  config: { current(): { config: Config } };
  clock: Clock;
  stateDir: string;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

interface Candidate {
  readonly name: string;
  readonly entry: RegistryEntry<GenerationProviderMembers> | undefined;
  readonly model: string;
}

/**
 * The host chooses among generation providers (spec 2.10): the named one, those of `agents.defaults`, then every
 * configured one, the default model's provider first. Each gets the request as it can take it; the next is asked
 * when one fails or gives nothing.
 */
export function generationNamespace(rooms: GenerationRooms, kind: GenerationKind): PluginRuntimeGeneration {
  const settingsOf = (config?: Config) => config ?? rooms.config.current().config;
  return {
    async generate(given) {
      const { cfg, config, modelOverride, autoProviderFallback, timeoutMs, ...request } = flat(given);
      if (typeof request.prompt !== "string" || request.prompt.trim() === "") {
        throw new SluiceError<GenerationErrorCode>(
          "GENERATION_INVALID",
          `${kind.noun} generation needs a prompt`,
        );
      }
      if (request.prompt.length > MAX_PROMPT_CHARS) {
        throw new SluiceError<GenerationErrorCode>(
          "GENERATION_INVALID",
          `the prompt is longer than ${MAX_PROMPT_CHARS} characters`,
        );
      }
      await rooms.activate?.({ kind: "contract", contract: kind.contract });
      const settings = settingsOf(cfg ?? config);
      const folder = request.agentDir ?? agentDir(rooms.stateDir, defaultAgentId(settings));
      const candidates = candidatesFor(
        rooms,
        kind,
        settings,
        folder,
        modelOverride,
        autoProviderFallback !== false,
      );
      const attempts: GenerationAttempt[] = [];
      for (const { name, entry, model } of candidates) {
        const note = (outcome: ProviderAttempt["outcome"], reason?: string) =>
          attempts.push({ provider: entry?.value.id ?? name, model, outcome, ...(reason ? { reason } : {}) });
        if (!entry) {
          note("skipped", "no plugin registers it; enable its plugin");
          continue;
        }
        const { value } = entry;
        const fitted = fitRequest(kind, value.capabilities, model, request);
        if ("unfit" in fitted) {
          note("skipped", fitted.unfit);
          continue;
        }
        try {
          const limit = timeoutMs ?? value.defaultTimeoutMs ?? kind.timeoutMs;
          const asked = {
            ...fitted.fields,
            provider: value.id,
            model,
            cfg: settings,
            agentDir: folder,
            timeoutMs: limit,
          };
          const made = await withDeadline(ask(kind, value, asked), limit, value.id, rooms.clock);
          note("success");
          return {
            ...(kind.noun === "music" && made["lyrics"] !== undefined ? { lyrics: made["lyrics"] } : {}),
            ...(made["metadata"] === undefined ? {} : { metadata: made["metadata"] }),
            [kind.made]: made[kind.made],
            provider: value.id,
            model: typeof made["model"] === "string" ? made["model"] : model,
            attempts,
            ignoredOverrides: fitted.ignored,
            ...(Object.keys(fitted.normalization).length > 0 ? { normalization: fitted.normalization } : {}),
          };
        } catch (error) {
          note("failed", errorMessage(error));
        }
      }
      throw failure(kind, attempts);
    },
    listProviders: ({ config, cfg } = {}) => {
      const settings = settingsOf(config ?? cfg);
      const folder = agentDir(rooms.stateDir, defaultAgentId(settings));
      const entries = byId(rooms, kind);
      const ready = entries.filter(({ value }) => isConfigured(value, settings, folder));
      return [...ready, ...entries.filter((entry) => !ready.includes(entry))].map(({ value }) => value);
    },
  };
}

/** The older form has everything but the configuration below `args`. */
function flat(given: GenerationParams | { config?: Config; args: GenerationParams }): GenerationParams {
  const { args, ...rest } = given as { args?: GenerationParams };
  return isRecord(args) ? { ...rest, ...args } : (given as GenerationParams);
}

function candidatesFor(
  rooms: GenerationRooms,
  kind: GenerationKind,
  config: Config,
  folder: string,
  override: string | undefined,
  auto: boolean,
): readonly Candidate[] {
  const entries = byId(rooms, kind);
  const named = [override, ...configuredRefs(config, kind.setting)].flatMap((raw) => {
    const ref = raw === undefined ? undefined : parseModelRef(raw, raw);
    if (!ref) return [];
    const entry = providerNamed(entries, ref.provider);
    const model = raw?.includes("/") ? ref.modelId : modelOf(entry?.value);
    return [{ name: ref.provider, entry, model }];
  });
  const first = parseModelRef(agentModelRef(config as never) ?? "")?.provider;
  const configured = auto ? entries.filter(({ value }) => isConfigured(value, config, folder)) : [];
  const preferred = configured.filter(({ value }) => value.id.toLowerCase() === first);
  const others = [...preferred, ...configured.filter((entry) => !preferred.includes(entry))].map((entry) => ({
    name: entry.value.id,
    entry,
    model: modelOf(entry.value),
  }));
  const seen = new Set<string>();
  return [...named, ...others].filter(({ name, entry, model }) => {
    const key = `${entry?.value.id ?? name}/${model}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** `agents.defaults.<setting>`: one reference, or a first one with fallbacks. */
function configuredRefs(config: Config, setting: string): readonly string[] {
  const defaults = sectionAt(config, "agents", "defaults");
  const single = textAt(defaults, setting);
  if (single) return [single];
  const row = sectionAt(defaults, setting);
  const fallbacks = Array.isArray(row["fallbacks"]) ? row["fallbacks"] : [];
  return [textAt(row, "primary"), ...fallbacks].filter(
    (ref): ref is string => typeof ref === "string" && ref !== "",
  );
}

function byId({ registry }: GenerationRooms, { kind }: GenerationKind) {
  const entries = registry.current().list<GenerationProviderMembers>(kind);
  return [...entries].sort((a, b) => (a.value.id < b.value.id ? -1 : 1));
}

function isConfigured(value: GenerationProviderMembers, cfg: Config, folder: string): boolean {
  try {
    return value.isConfigured?.({ cfg, agentDir: folder }) !== false;
  } catch {
    return false;
  }
}

function modelOf(value: GenerationProviderMembers | undefined): string {
  return value?.defaultModel ?? value?.models?.[0] ?? ANY_MODEL;
}

/** @throws Error when what was made is nothing */
async function ask(
  kind: GenerationKind,
  value: GenerationProviderMembers,
  request: Config,
): Promise<Readonly<Record<string, unknown>>> {
  const generate = value[kind.method] as (request: Config) => Promise<unknown>;
  const made = await generate(request);
  const list = isRecord(made) ? made[kind.made] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw new Error("it made nothing");
  const empty = list.some((item) => {
    if (!isRecord(item)) return true;
    const { buffer, url } = item as { buffer?: Uint8Array; url?: unknown };
    return kind.noun === "video" && typeof url === "string" && url !== ""
      ? false
      : !(buffer && buffer.length > 0);
  });
  if (empty) throw new Error("what it made is empty");
  return made as Readonly<Record<string, unknown>>;
}

function failure(
  { noun }: GenerationKind,
  attempts: readonly GenerationAttempt[],
): SluiceError<GenerationErrorCode> {
  if (attempts.length === 0) {
    return new SluiceError(
      "GENERATION_UNAVAILABLE",
      `no plugin with ${noun} generation is configured; enable one, see sluice plugins list`,
    );
  }
  const tried = attempts.map(({ provider, model, reason }) => `${provider}/${model}: ${reason}`).join("; ");
  return new SluiceError("GENERATION_FAILED", `the ${noun} generation failed (${tried})`, {
    retryable: attempts.some(({ outcome }) => outcome === "failed"),
    details: { attempts: attempts.map((attempt) => ({ ...attempt })) },
  });
}

export { IMAGE, MUSIC, VIDEO } from "./kinds.ts";
