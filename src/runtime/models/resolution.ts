import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type {
  ProviderConfig,
  ProviderModelContext,
  ProviderPlugin,
  ProviderStreamContext,
} from "../../contracts/provider.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { isCliModel } from "../cli-backends/index.ts";
import { type Catalogue, completeModel, configuredProviders, isRecord } from "./catalogue.ts";
import { formatModelRef, type ModelRef } from "./model-ref.ts";
import { modelTable } from "./model-table.ts";
import { isPrivateUrl } from "./private-url.ts";
import type { PickedProfile } from "./profile-book.ts";
import type { ProviderAuth } from "./provider-auth.ts";
import { type ModelsOptions, needsKey, type Providers } from "./providers.ts";
import { type ModelRemark, remarkOf } from "./suppression.ts";
import type { ModelErrorCode, ResolvedModel } from "./types.ts";

/** Without a chunk for this long a cloud model's answer is given up. */
export const CLOUD_IDLE_TIMEOUT_MS = 120_000;
/** The same for a model on a private or loopback address. */
export const LOCAL_IDLE_TIMEOUT_MS = 300_000;
/** A command line is silent while it works; who runs it watches it. */
const NEVER = 0;

/** A model that is known: who serves it and what it can do. */
export interface DefinedModel {
  owner: ProviderPlugin;
  context: ProviderModelContext;
  model: ModelDefinition;
  /** The sign-in that the reference names. */
  profileId?: string;
}

/** Makes a model ready to be asked: who serves it, what it can do, by which transport and key. */
export class ModelResolution {
  readonly #options: ModelsOptions;
  readonly #providers: Providers;
  readonly #auth: ProviderAuth;

  constructor(options: ModelsOptions, providers: Providers, auth: ProviderAuth) {
    this.#options = options;
    this.#providers = providers;
    this.#auth = auth;
  }

  /**
   * @param wanted what was asked for, for the error
   * @throws SluiceError `MODEL_UNKNOWN`
   */
  async define(wanted: string, parsed: ModelRef, catalogue: Catalogue): Promise<DefinedModel> {
    const row = catalogue.get(parsed.provider);
    const find = () => this.#providers.ownerFor(parsed.provider, row?.config.api);
    const owner = find() ?? (row ? await this.#providers.afterAll(find) : undefined);
    if (!owner) {
      throw unknownModel(
        wanted,
        `no plugin serves the provider "${parsed.provider}"; see sluice plugins list`,
      );
    }
    const spelled = this.#providers.facts().normalizeModelId(parsed.provider, parsed.modelId);
    const modelId =
      this.#providers.ask(owner, () => owner.normalizeModelId?.({ ...parsed, modelId: spelled })) ?? spelled;
    const context: ProviderModelContext = {
      config: this.#options.config.current().config,
      env: this.#options.env,
      provider: parsed.provider,
      modelId,
      ...(row ? { providerConfig: row.config } : {}),
    };
    const remark = this.remark(parsed.provider, modelId, row?.config);
    if (remark?.hidden) throw unknownModel(wanted, refusalOf(remark));
    let model = await this.#define(owner, context, row?.config);
    if (!model) {
      const hint = this.#providers.ask(owner, () => owner.buildUnknownModelHint?.(context));
      throw unknownModel(wanted, hint ?? "see sluice gateway call models.list for what there is");
    }
    const defined = model;
    model =
      this.#providers.ask(owner, () => owner.normalizeResolvedModel?.({ ...context, model: defined })) ??
      model;
    const transport = this.#providers.ask(owner, () =>
      owner.normalizeTransport?.({
        provider: parsed.provider,
        modelId,
        api: defined.api,
        ...(defined.baseUrl ? { baseUrl: defined.baseUrl } : {}),
      }),
    );
    if (transport) model = { ...model, ...transport };
    return { owner, context, model, ...(parsed.profileId ? { profileId: parsed.profileId } : {}) };
  }

  /**
   * A model with what is needed to ask it.
   *
   * @param profile the sign-in to use; the configured key without one
   * @throws SluiceError `MODEL_UNKNOWN` when nobody speaks its api
   */
  async prepare(
    { owner, context, model }: DefinedModel,
    profile: PickedProfile | undefined,
  ): Promise<ResolvedModel> {
    const { keys } = this.#providers;
    const { apiKey, marker, mode } = profile
      ? keys.ofProfile(context.provider, profile)
      : keys.configured(context.provider, context.providerConfig, context);
    const synthetic = apiKey
      ? undefined
      : this.#providers.ask(owner, () => owner.resolveSyntheticAuth?.(context));
    const key = apiKey ?? keys.sendable(synthetic?.apiKey);
    if (key) this.#options.redactor?.add(key);
    // Nothing to send, but a reason to believe that the request gets in.
    const authMarker = key ? undefined : (synthetic?.apiKey ?? marker);
    const authMode = apiKey ? mode : (synthetic?.mode ?? (marker ? mode : undefined));
    const envNames = keys.envNames(context.provider, model.baseUrl);
    const streamContext: ProviderStreamContext = { ...context, model, ...(key ? { apiKey: key } : {}) };
    const stream = owner.createStreamFn?.(streamContext) ?? (await this.#providers.transport(streamContext));
    const ref = formatModelRef({ provider: model.provider, modelId: model.id });
    if (!stream) {
      throw unknownModel(
        ref,
        `the plugin of "${owner.id}" offers no transport for api "${model.api}", and no other plugin does`,
      );
    }
    const row = modelTable(this.#options.config.current().config)[ref];
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
      ...(profile ? { profile } : {}),
      ...(authMarker ? { authMarker } : {}),
      ...(key || authMarker || !needsKey(envNames, model)
        ? {}
        : { missingAuth: this.#auth.missing(owner, context, envNames) }),
      thinking: this.#providers.thinking(model, owner),
      idleTimeoutMs: seconds
        ? seconds * 1_000
        : isCliModel(model)
          ? NEVER
          : isPrivateUrl(model.baseUrl)
            ? LOCAL_IDLE_TIMEOUT_MS
            : CLOUD_IDLE_TIMEOUT_MS,
    };
  }

  /**
   * What is said against a model: by manifests, or by its own row in the catalogue. Nothing against one that
   * users list themselves.
   */
  remark(provider: string, modelId: string, config: ProviderConfig | undefined): ModelRemark | undefined {
    const named = (row: { id: string }) => row.id === modelId;
    const rows = configuredProviders(this.#options.config.current().config);
    if (rows[provider]?.models?.some(named)) return undefined;
    const row = config?.models?.find(named);
    const place = {
      provider,
      modelId,
      baseUrl: row?.baseUrl ?? config?.baseUrl,
      api: config?.api ?? row?.api,
    };
    return this.#providers.facts().suppression(place) ?? (row && remarkOf(row));
  }

  /** Whether a model could be asked now; its plugin may still wait for that. */
  available(model: ModelDefinition, owner: ProviderPlugin | undefined): boolean {
    const { keys } = this.#providers;
    if (!owner && !this.#providers.facts().providers.has(model.provider)) return false;
    const found = keys.find(model.provider);
    if (found.apiKey !== undefined || found.marker !== undefined) return true;
    if (!needsKey(keys.envNames(model.provider, model.baseUrl), model)) return true;
    const context = {
      config: this.#options.config.current().config,
      env: this.#options.env,
      provider: model.provider,
      modelId: model.id,
    };
    return !!owner && !!this.#providers.ask(owner, () => owner.resolveSyntheticAuth?.(context))?.apiKey;
  }

  async #define(
    owner: ProviderPlugin,
    context: ProviderModelContext,
    config: ProviderModelContext["providerConfig"],
  ): Promise<ModelDefinition | undefined> {
    const row = config?.models?.find((model) => model.id === context.modelId);
    const preferDynamic =
      this.#providers.ask(owner, () => owner.preferRuntimeResolvedModel?.(context)) === true;
    if (row && !preferDynamic) return completeModel(context.provider, row, config);
    let dynamic = this.#providers.ask(owner, () => owner.resolveDynamicModel?.(context));
    if (!dynamic && owner.prepareDynamicModel) {
      dynamic = await owner.prepareDynamicModel(context).catch((error: unknown) => {
        this.#providers.complain(owner, error);
        return undefined;
      });
    }
    if (dynamic) return completeModel(context.provider, { ...dynamic, id: context.modelId }, config);
    if (row) return completeModel(context.provider, row, config);
    if (config?.baseUrl && config.api)
      return completeModel(context.provider, { id: context.modelId }, config);
    return undefined;
  }
}

function refusalOf({ reason, replacedBy }: ModelRemark): string {
  const instead = replacedBy === undefined ? "" : `; use ${replacedBy}`;
  return `${reason ?? "it is no longer offered"}${instead}`;
}

export function unknownModel(ref: string, hint: string): SluiceError<ModelErrorCode> {
  return new SluiceError("MODEL_UNKNOWN", `Unknown model: ${ref} (${hint})`, { details: { ref } });
}
