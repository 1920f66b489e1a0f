import type { AssistantMessage } from "../../contracts/messages.ts";
import type { ModelDefinition, StreamFn } from "../../contracts/model-stream.ts";
import type {
  ProviderModelContext,
  ProviderPlugin,
  ProviderStreamContext,
} from "../../contracts/provider.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { agentModelRef } from "../agent/settings.ts";
import type { ConfigService } from "../config/types.ts";
import {
  buildCatalogue,
  type Catalogue,
  catalogContext,
  completeModel,
  configuredProviders,
  isRecord,
  providerApiKey,
} from "./catalogue.ts";
import { formatModelRef, normalizeProviderId, parseModelRef } from "./model-ref.ts";
import { explainFailure, type ModelQuestion, type ModelRequest, prepareRequest } from "./request.ts";
import { type ThinkingPolicy, thinkingPolicy } from "./thinking.ts";
import type { ListedModel, ModelErrorCode, Models, ResolvedModel } from "./types.ts";

export * from "./model-ref.ts";
export * from "./thinking.ts";
export type * from "./types.ts";

/** Without a chunk for this long a cloud model's answer is given up. */
export const CLOUD_IDLE_TIMEOUT_MS = 120_000;
/** The same for a model on a private or loopback address. */
export const LOCAL_IDLE_TIMEOUT_MS = 300_000;
/** How long a detected default (a local server that may come and go) is believed. */
export const DEFAULT_MODEL_TTL_MS = 30_000;
/** Models kept ready to be asked. */
export const MAX_RESOLVED_MODELS = 256;

export interface ModelsOptions {
  registry: RegistryReader;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  env: Readonly<Record<string, string | undefined>>;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

interface Cached<T> {
  stamp: string;
  value: Promise<T>;
  until: number;
}

/** Builds the models room. Nothing is asked of a provider before somebody needs a model. */
export function createModels(options: ModelsOptions): Models {
  return new ModelRoom(options);
}

class ModelRoom implements Models {
  readonly #options: ModelsOptions;
  #catalogue: Cached<Catalogue> | undefined;
  #suggested: Cached<string | undefined> | undefined;
  #resolved = new Map<string, ResolvedModel>();
  #resolvedStamp = "";

  constructor(options: ModelsOptions) {
    this.#options = options;
  }

  async resolve(ref?: string, agentId?: string): Promise<ResolvedModel> {
    const wanted = ref ?? (await this.defaultRef(agentId));
    const provider = parseModelRef(this.#expandAlias(wanted))?.provider;
    if (provider) await this.#options.activate?.({ kind: "provider", provider });
    const stamp = this.#stamp();
    if (stamp !== this.#resolvedStamp) {
      this.#resolved.clear();
      this.#resolvedStamp = stamp;
    }
    const ready = this.#resolved.get(wanted);
    if (ready) return ready;
    const resolved = await this.#resolve(wanted);
    if (this.#resolved.size >= MAX_RESOLVED_MODELS) this.#resolved.clear();
    if (stamp === this.#stamp()) this.#resolved.set(wanted, resolved);
    return resolved;
  }

  prepare(resolved: ResolvedModel, question: ModelQuestion): Promise<ModelRequest> {
    if (resolved.missingAuth !== undefined) {
      return Promise.reject(
        new SluiceError<ModelErrorCode>("MODEL_AUTH_MISSING", resolved.missingAuth, {
          details: { provider: resolved.model.provider },
        }),
      );
    }
    return prepareRequest(resolved, question, this.#options.logger);
  }

  explain(resolved: ResolvedModel, answer: AssistantMessage, status?: number): AssistantMessage {
    return explainFailure(resolved, answer, status, this.#options.logger);
  }

  async defaultRef(agentId?: string): Promise<string> {
    const configured = agentModelRef(this.#config(), agentId);
    if (configured) return this.#expandAlias(configured);
    const suggested = await this.#suggestedDefault();
    if (suggested) return suggested;
    throw new SluiceError<ModelErrorCode>(
      "MODEL_NOT_CONFIGURED",
      "no model is configured and no provider offers one; set agents.defaults.model to provider/model",
    );
  }

  async list(view: "default" | "configured" | "provider-config" | "all"): Promise<ListedModel[]> {
    await this.#options.activate?.({ kind: "capability", capability: "provider" });
    const catalogue = await this.#loadCatalogue();
    const chosen = agentModelRef(this.#config());
    const defaultRef = await this.defaultRef().catch(() => undefined);
    const named = new Set(Object.keys(modelTable(this.#config())).concat(chosen ?? []));
    const rows: ListedModel[] = [];
    for (const provider of catalogue.values()) {
      const owner = this.#ownerFor(provider.id, provider.config.api);
      for (const row of provider.config.models ?? []) {
        const ref = formatModelRef({ provider: provider.id, modelId: row.id });
        if (view === "configured" && !named.has(ref)) continue;
        if (view === "provider-config" && !provider.configured) continue;
        const listed = this.#listed(completeModel(provider.id, row, provider.config), owner);
        if (view === "default" && !listed.available && !named.has(ref)) continue;
        rows.push(ref === defaultRef ? { ...listed, tags: ["default"] } : listed);
      }
    }
    return rows;
  }

  async find(provider: string, modelId: string): Promise<ModelDefinition | undefined> {
    const found = (await this.#loadCatalogue()).get(normalizeProviderId(provider));
    const row = found?.config.models?.find((model) => model.id === modelId);
    return found && row ? completeModel(found.id, row, found.config) : undefined;
  }

  async thinkingPolicy(provider: string, modelId: string): Promise<ThinkingPolicy> {
    const model = await this.find(provider, modelId);
    return this.#thinking(model ?? { id: modelId, provider, api: "" }, this.ownerOf(provider));
  }

  apiKeyFor(provider: string) {
    const id = normalizeProviderId(provider);
    return providerApiKey(this.ownerOf(id), configuredProviders(this.#config())[id], this.#options.env);
  }

  ownerOf(provider: string): ProviderPlugin | undefined {
    const id = normalizeProviderId(provider);
    return this.#ownerFor(id, configuredProviders(this.#config())[id]?.api);
  }

  async #resolve(wanted: string): Promise<ResolvedModel> {
    const parsed = parseModelRef(
      this.#expandAlias(wanted),
      parseModelRef(await this.#fallbackRef())?.provider,
    );
    if (!parsed) throw unknownModel(wanted, "write it as provider/model");
    const catalogue = await this.#loadCatalogue();
    const row = catalogue.get(parsed.provider);
    const find = () => this.#ownerFor(parsed.provider, row?.config.api);
    const owner = find() ?? (row ? await this.#afterAllProviders(find) : undefined);
    if (!owner) {
      throw unknownModel(
        wanted,
        `no plugin serves the provider "${parsed.provider}"; see sluice plugins list`,
      );
    }
    const modelId = this.#ask(owner, () => owner.normalizeModelId?.({ ...parsed })) ?? parsed.modelId;
    const context: ProviderModelContext = {
      config: this.#config(),
      env: this.#options.env,
      provider: parsed.provider,
      modelId,
      ...(row ? { providerConfig: row.config } : {}),
    };
    let model = await this.#define(owner, context, row?.config);
    if (!model) {
      const hint = this.#ask(owner, () => owner.buildUnknownModelHint?.(context));
      throw unknownModel(wanted, hint ?? "see sluice gateway call models.list for what there is");
    }
    const defined = model;
    model = this.#ask(owner, () => owner.normalizeResolvedModel?.({ ...context, model: defined })) ?? model;
    const transport = this.#ask(owner, () =>
      owner.normalizeTransport?.({
        provider: parsed.provider,
        modelId,
        api: defined.api,
        ...(defined.baseUrl ? { baseUrl: defined.baseUrl } : {}),
      }),
    );
    if (transport) model = { ...model, ...transport };
    return this.#prepare(owner, context, model);
  }

  async #prepare(
    owner: ProviderPlugin,
    context: ProviderModelContext,
    model: ModelDefinition,
  ): Promise<ResolvedModel> {
    const { apiKey, mode } = providerApiKey(owner, context.providerConfig, this.#options.env, context);
    const synthetic = apiKey ? undefined : this.#ask(owner, () => owner.resolveSyntheticAuth?.(context));
    const key = apiKey ?? synthetic?.apiKey;
    const authMode = apiKey ? mode : synthetic?.mode;
    const streamContext: ProviderStreamContext = { ...context, model, ...(key ? { apiKey: key } : {}) };
    const stream = owner.createStreamFn?.(streamContext) ?? (await this.#transport(streamContext));
    const ref = formatModelRef({ provider: model.provider, modelId: model.id });
    if (!stream) {
      throw unknownModel(
        ref,
        `the plugin of "${owner.id}" offers no transport for api "${model.api}", and no other plugin does`,
      );
    }
    const row = modelTable(this.#config())[ref];
    const params = isRecord(row) && isRecord(row["params"]) ? row["params"] : {};
    const seconds = context.providerConfig?.timeoutSeconds;
    return {
      ref,
      model,
      owner,
      stream,
      context: streamContext,
      params,
      ...(key ? { apiKey: key } : {}),
      ...(authMode ? { authMode } : {}),
      ...(key || !needsKey(owner, model) ? {} : { missingAuth: this.#missingAuth(owner, context) }),
      thinking: this.#thinking(model, owner),
      idleTimeoutMs: seconds
        ? seconds * 1_000
        : isPrivateUrl(model.baseUrl)
          ? LOCAL_IDLE_TIMEOUT_MS
          : CLOUD_IDLE_TIMEOUT_MS,
    };
  }

  /** The native transport of an api: that of a plugin which says it speaks it. */
  async #transport(context: ProviderStreamContext): Promise<StreamFn | undefined> {
    const { api } = context.model;
    const find = () => this.#providers().find(({ value }) => value.servesApis?.includes(api))?.value;
    return (find() ?? (await this.#afterAllProviders(find)))?.createStreamFn?.(context) ?? undefined;
  }

  /** No manifest says which transports a plugin speaks: before giving up, those that wait are loaded. */
  async #afterAllProviders<T>(find: () => T | undefined): Promise<T | undefined> {
    await this.#options.activate?.({ kind: "capability", capability: "provider" });
    return find();
  }

  #missingAuth(owner: ProviderPlugin, context: ProviderModelContext): string {
    const stated = this.#ask(owner, () => owner.buildMissingAuthMessage?.(context));
    if (stated) return stated;
    const { provider } = context;
    const names = owner.envVars ?? [];
    const variables = names.length > 0 ? `set ${names.join(" or ")}, or ` : "";
    return `No API key for the provider "${provider}": ${variables}write models.providers.${provider}.apiKey.`;
  }

  async #define(
    owner: ProviderPlugin,
    context: ProviderModelContext,
    config: ProviderModelContext["providerConfig"],
  ): Promise<ModelDefinition | undefined> {
    const row = config?.models?.find((model) => model.id === context.modelId);
    const preferDynamic = this.#ask(owner, () => owner.preferRuntimeResolvedModel?.(context)) === true;
    if (row && !preferDynamic) return completeModel(context.provider, row, config);
    let dynamic = this.#ask(owner, () => owner.resolveDynamicModel?.(context));
    if (!dynamic && owner.prepareDynamicModel) {
      dynamic = await owner.prepareDynamicModel(context).catch((error: unknown) => {
        this.#complain(owner, error);
        return undefined;
      });
    }
    if (dynamic) return completeModel(context.provider, { ...dynamic, id: context.modelId }, config);
    if (row) return completeModel(context.provider, row, config);
    if (config?.baseUrl && config.api)
      return completeModel(context.provider, { id: context.modelId }, config);
    return undefined;
  }

  #listed(model: ModelDefinition, owner: ProviderPlugin | undefined): ListedModel {
    const thinking = this.#thinking(model, owner);
    const available =
      owner !== undefined && (!needsKey(owner, model) || this.apiKeyFor(model.provider).apiKey !== undefined);
    return {
      id: model.id,
      name: model.name ?? model.id,
      provider: model.provider,
      available,
      ...(available ? {} : { unavailableReason: "missing-auth" as const }),
      contextWindow: model.contextWindow ?? 1,
      reasoning: model.reasoning ?? false,
      input: model.input ?? ["text"],
      thinkingLevels: thinking.levels,
      thinkingDefault: thinking.defaultLevel,
    };
  }

  #thinking(model: ModelDefinition, owner: ProviderPlugin | undefined): ThinkingPolicy {
    const profile = owner
      ? this.#ask(owner, () =>
          owner.resolveThinkingProfile?.({
            provider: model.provider,
            modelId: model.id,
            ...(model.reasoning === undefined ? {} : { reasoning: model.reasoning }),
            ...(model.compat ? { compat: model.compat } : {}),
          }),
        )
      : undefined;
    return thinkingPolicy(model, profile);
  }

  /** Exact id, alias, hook alias, then a plugin that speaks the configured transport (spec 2.1). */
  #ownerFor(provider: string, api: string | undefined): ProviderPlugin | undefined {
    const entries = this.#providers();
    const by = (match: (plugin: ProviderPlugin) => boolean) =>
      entries.find((entry) => match(entry.value))?.value;
    return (
      by((plugin) => normalizeProviderId(plugin.id) === provider) ??
      by((plugin) => plugin.aliases?.includes(provider) === true) ??
      by((plugin) => plugin.hookAliases?.includes(provider) === true) ??
      (provider in configuredProviders(this.#config())
        ? by((plugin) => plugin.servesApis?.includes(api ?? "openai-completions") === true)
        : undefined)
    );
  }

  #providers(): readonly RegistryEntry<ProviderPlugin>[] {
    return this.#options.registry.current().list<ProviderPlugin>("provider");
  }

  #expandAlias(ref: string): string {
    for (const [target, row] of Object.entries(modelTable(this.#config()))) {
      if (isRecord(row) && row["alias"] === ref) return target;
    }
    return ref;
  }

  async #fallbackRef(): Promise<string> {
    return this.defaultRef().catch(() => "");
  }

  #suggestedDefault(): Promise<string | undefined> {
    const now = this.#options.clock.monotonic();
    const stamp = this.#stamp();
    if (!this.#suggested || this.#suggested.stamp !== stamp || this.#suggested.until <= now) {
      this.#suggested = { stamp, until: now + DEFAULT_MODEL_TTL_MS, value: this.#askForDefault() };
    }
    return this.#suggested.value;
  }

  async #askForDefault(): Promise<string | undefined> {
    const input = { config: this.#config(), env: this.#options.env };
    const offers = await Promise.all(
      this.#providers().map(async ({ value: plugin }) => {
        try {
          return (await plugin.suggestDefaultModel?.(catalogContext(plugin, input))) ?? undefined;
        } catch (error) {
          this.#complain(plugin, error);
          return undefined;
        }
      }),
    );
    const best = offers
      .filter((offer) => offer !== undefined)
      .sort((a, b) => b.priority - a.priority)
      .at(0);
    return best?.model;
  }

  #loadCatalogue(): Promise<Catalogue> {
    const now = this.#options.clock.monotonic();
    const stamp = this.#stamp();
    if (!this.#catalogue || this.#catalogue.stamp !== stamp || this.#catalogue.until <= now) {
      const { clock, logger, env } = this.#options;
      const input = { providers: this.#providers(), config: this.#config(), env, clock, logger };
      this.#catalogue = { stamp, until: now + DEFAULT_MODEL_TTL_MS, value: buildCatalogue(input) };
    }
    return this.#catalogue.value;
  }

  #config() {
    return this.#options.config.current().config;
  }

  #stamp(): string {
    return `${this.#options.registry.current().id}:${this.#options.config.current().revision}`;
  }

  /** A provider function that throws counts as no answer. */
  #ask<T>(owner: ProviderPlugin, question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      this.#complain(owner, error);
      return undefined;
    }
  }

  #complain(owner: ProviderPlugin, error: unknown): void {
    this.#options.logger.warn("a provider function failed", {
      provider: owner.id,
      error: errorMessage(error),
    });
  }
}

function modelTable(config: { agents?: Readonly<Record<string, unknown>> }): Record<string, unknown> {
  const defaults = config.agents?.["defaults"];
  const table = isRecord(defaults) ? defaults["models"] : undefined;
  return isRecord(table) ? table : {};
}

/** On a private address a model may do without a key, whatever its provider wants elsewhere. */
function needsKey(owner: ProviderPlugin, model: ModelDefinition): boolean {
  return (owner.envVars?.length ?? 0) > 0 && !isPrivateUrl(model.baseUrl);
}

function unknownModel(ref: string, hint: string): SluiceError<ModelErrorCode> {
  return new SluiceError("MODEL_UNKNOWN", `Unknown model: ${ref} (${hint})`, { details: { ref } });
}

/** True for loopback and private addresses, where slow answers are normal. */
export function isPrivateUrl(url: string | undefined): boolean {
  if (!url) return true;
  try {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
    return /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd])/.test(host);
  } catch {
    return false;
  }
}
