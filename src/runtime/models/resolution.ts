import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type {
  ProviderModelContext,
  ProviderPlugin,
  ProviderStreamContext,
} from "../../contracts/provider.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { type Catalogue, completeModel, isRecord, providerApiKey } from "./catalogue.ts";
import { formatModelRef, type ModelRef } from "./model-ref.ts";
import { modelTable } from "./model-table.ts";
import { isPrivateUrl } from "./private-url.ts";
import { type ModelsOptions, needsKey, type Providers } from "./providers.ts";
import type { ModelErrorCode, ResolvedModel } from "./types.ts";

/** Without a chunk for this long a cloud model's answer is given up. */
export const CLOUD_IDLE_TIMEOUT_MS = 120_000;
/** The same for a model on a private or loopback address. */
export const LOCAL_IDLE_TIMEOUT_MS = 300_000;

/** Makes a model ready to be asked: who serves it, what it can do, by which transport and key. */
export class ModelResolution {
  readonly #options: ModelsOptions;
  readonly #providers: Providers;

  constructor(options: ModelsOptions, providers: Providers) {
    this.#options = options;
    this.#providers = providers;
  }

  /**
   * @param wanted what was asked for, for the error
   * @throws SluiceError `MODEL_UNKNOWN`
   */
  async resolve(wanted: string, parsed: ModelRef, catalogue: Catalogue): Promise<ResolvedModel> {
    const row = catalogue.get(parsed.provider);
    const find = () => this.#providers.ownerFor(parsed.provider, row?.config.api);
    const owner = find() ?? (row ? await this.#providers.afterAll(find) : undefined);
    if (!owner) {
      throw unknownModel(
        wanted,
        `no plugin serves the provider "${parsed.provider}"; see sluice plugins list`,
      );
    }
    const modelId =
      this.#providers.ask(owner, () => owner.normalizeModelId?.({ ...parsed })) ?? parsed.modelId;
    const context: ProviderModelContext = {
      config: this.#options.config.current().config,
      env: this.#options.env,
      provider: parsed.provider,
      modelId,
      ...(row ? { providerConfig: row.config } : {}),
    };
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
    return this.#prepare(owner, context, model);
  }

  async #prepare(
    owner: ProviderPlugin,
    context: ProviderModelContext,
    model: ModelDefinition,
  ): Promise<ResolvedModel> {
    const { apiKey, mode } = providerApiKey(owner, context.providerConfig, this.#options.env, context);
    const synthetic = apiKey
      ? undefined
      : this.#providers.ask(owner, () => owner.resolveSyntheticAuth?.(context));
    const key = apiKey ?? synthetic?.apiKey;
    const authMode = apiKey ? mode : synthetic?.mode;
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
      ...(key || !needsKey(owner, model) ? {} : { missingAuth: this.#missingAuth(owner, context) }),
      thinking: this.#providers.thinking(model, owner),
      idleTimeoutMs: seconds
        ? seconds * 1_000
        : isPrivateUrl(model.baseUrl)
          ? LOCAL_IDLE_TIMEOUT_MS
          : CLOUD_IDLE_TIMEOUT_MS,
    };
  }

  #missingAuth(owner: ProviderPlugin, context: ProviderModelContext): string {
    const stated = this.#providers.ask(owner, () => owner.buildMissingAuthMessage?.(context));
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

export function unknownModel(ref: string, hint: string): SluiceError<ModelErrorCode> {
  return new SluiceError("MODEL_UNKNOWN", `Unknown model: ${ref} (${hint})`, { details: { ref } });
}
