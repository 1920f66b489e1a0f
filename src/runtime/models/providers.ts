import type { AuthProfileCredential } from "../../contracts/auth-profiles.ts";
import type { ModelDefinition, StreamFn } from "../../contracts/model-stream.ts";
import type { ProviderPlugin, ProviderStreamContext } from "../../contracts/provider.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { CliBackends } from "../cli-backends/index.ts";
import type { ConfigService } from "../config/types.ts";
import { catalogContext, configuredProviders } from "./catalogue.ts";
import { CurrentFacts, type ManifestFacts, type ManifestReader } from "./manifest-facts.ts";
import { normalizeProviderId } from "./model-ref.ts";
import { isPrivateUrl } from "./private-url.ts";
import { type PickedProfile, ProfileBook, type ProfileWish } from "./profile-book.ts";
import { isRunningOut } from "./profile-renewal.ts";
import { ProviderKeys } from "./provider-keys.ts";
import { type ThinkingPolicy, thinkingPolicy } from "./thinking.ts";

export interface ModelsOptions {
  registry: RegistryReader;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  env: Readonly<Record<string, string | undefined>>;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
  /** What enabled plugins say of models without being run; nothing by default. */
  manifests?: ManifestReader;
  /** Where agents' folders with their sign-ins are; without it there are none. */
  stateDir?: string;
  /** Told every secret of a sign-in, so that none is ever logged. */
  redactor?: { add(secret: string): void };
}

const NO_MANIFESTS: ReturnType<ManifestReader> = [];

/** The plugins behind models: who serves a provider or an api, and what they answer when asked. */
export class Providers {
  readonly #options: ModelsOptions;
  readonly #facts: CurrentFacts;
  readonly #commandLines: CliBackends;
  readonly keys: ProviderKeys;
  /** The agents' sign-ins. */
  readonly profiles: ProfileBook | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    const { stateDir } = options;
    this.profiles = stateDir === undefined ? undefined : new ProfileBook({ ...options, stateDir });
    this.#commandLines = new CliBackends(options);
    this.#facts = new CurrentFacts(options.manifests ?? (() => NO_MANIFESTS));
    this.keys = new ProviderKeys({
      env: options.env,
      facts: () => this.facts(),
      rows: () => configuredProviders(options.config.current().config),
      pluginOf: (provider) => this.ownerOf(provider),
      profileOf: (provider) => this.profileFor(provider, ""),
    });
  }

  /** The sign-in to use for a model; `undefined` where there is none. */
  profileFor(provider: string, modelId: string, wish?: ProfileWish): PickedProfile | undefined {
    const authProviderOf = (id: string) => this.keys.lenderOf(id);
    return this.profiles?.pick({ provider, modelId, authProviderOf }, wish);
  }

  /** The same, renewed by its provider where it is about to end or has ended. */
  async freshProfileFor(
    provider: string,
    modelId: string,
    wish: ProfileWish = {},
  ): Promise<PickedProfile | undefined> {
    const { profiles } = this;
    const refresher = (credential: AuthProfileCredential) => {
      const owner = this.ownerOf(credential.provider) ?? this.ownerOf(provider);
      return owner?.refreshOAuth && typeof credential["refresh"] === "string"
        ? (given: AuthProfileCredential): unknown => owner.refreshOAuth?.(given)
        : undefined;
    };
    const picked = profiles?.pick(
      {
        provider,
        modelId,
        authProviderOf: (id) => this.keys.lenderOf(id),
        canRenew: (credential) => refresher(credential) !== undefined,
      },
      wish,
    );
    const now = this.#options.clock.now();
    const refresh = picked && isRunningOut(picked.credential, now) ? refresher(picked.credential) : undefined;
    if (!profiles || !picked || !refresh) return picked;
    const renewed = await profiles.renew(picked, wish.agentId, refresh);
    return this.profileFor(provider, modelId, renewed ? { ...wish, preferred: picked.profileId } : wish);
  }

  /** What manifests tell now. */
  facts(): ManifestFacts {
    return this.#facts.now();
  }

  /** Differs when plugins or manifests do. */
  stamp(): string {
    return `${this.#options.registry.current().id}:${this.#facts.version()}`;
  }

  /**
   * Loads the plugins without which not all models can be told: those whose manifests do not tell them, and
   * those that ask their servers and have a key to ask with.
   */
  async prepareList(): Promise<void> {
    const { activate, manifests } = this.#options;
    if (!activate) return;
    const { undeclared, refreshable } = this.facts();
    if (!manifests || undeclared.anything) return activate({ kind: "capability", capability: "provider" });
    const askable = refreshable.filter((provider) => this.keys.find(provider).apiKey !== undefined);
    const wanted = [...undeclared.providers, ...askable];
    await Promise.all(wanted.map((provider) => activate({ kind: "provider", provider })));
  }

  list(): readonly RegistryEntry<ProviderPlugin>[] {
    return this.#options.registry.current().list<ProviderPlugin>("provider");
  }

  /** Exact id, a command line of that id, alias, hook alias, manifest alias, then a plugin that speaks the configured transport (spec 2.1). */
  ownerFor(provider: string, api: string | undefined): ProviderPlugin | undefined {
    const entries = this.list();
    const by = (match: (plugin: ProviderPlugin) => boolean) =>
      entries.find((entry) => match(entry.value))?.value;
    return (
      by((plugin) => normalizeProviderId(plugin.id) === provider) ??
      this.#commandLines.ownerOf(provider) ??
      by((plugin) => plugin.aliases?.includes(provider) === true) ??
      by((plugin) => plugin.hookAliases?.includes(provider) === true) ??
      by((plugin) => normalizeProviderId(plugin.id) === this.facts().servedAs(provider)) ??
      (provider in configuredProviders(this.#options.config.current().config)
        ? by((plugin) => plugin.servesApis?.includes(api ?? "openai-completions") === true)
        : undefined)
    );
  }

  ownerOf(provider: string): ProviderPlugin | undefined {
    const id = normalizeProviderId(provider);
    return this.ownerFor(id, configuredProviders(this.#options.config.current().config)[id]?.api);
  }

  apiKeyFor(provider: string) {
    return this.keys.find(provider);
  }

  hasAuth(provider: string, agentId?: string): boolean {
    return this.profileFor(provider, "", { agentId }) !== undefined || this.keys.has(provider);
  }

  /** The native transport of an api: that of a plugin which says it speaks it. */
  async transport(context: ProviderStreamContext): Promise<StreamFn | undefined> {
    const { api } = context.model;
    const find = () => this.list().find(({ value }) => value.servesApis?.includes(api))?.value;
    return (find() ?? (await this.afterAll(find)))?.createStreamFn?.(context) ?? undefined;
  }

  /** No manifest says which transports a plugin speaks: before giving up, those that wait are loaded. */
  async afterAll<T>(find: () => T | undefined): Promise<T | undefined> {
    await this.#options.activate?.({ kind: "capability", capability: "provider" });
    return find();
  }

  /** The levels of thinking a model offers, as its provider states them. */
  thinking(model: ModelDefinition, owner: ProviderPlugin | undefined): ThinkingPolicy {
    const profile = owner
      ? this.ask(owner, () =>
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

  /** The model that the providers offer where none is configured. */
  async suggestedDefault(): Promise<string | undefined> {
    const { config, env } = this.#options;
    const input = { config: config.current().config, env, keys: this.keys };
    const offers = await Promise.all(
      this.list().map(async ({ value: plugin }) => {
        try {
          return (await plugin.suggestDefaultModel?.(catalogContext(plugin, input))) ?? undefined;
        } catch (error) {
          this.complain(plugin, error);
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

  /** A provider function that throws counts as no answer. */
  ask<T>(owner: ProviderPlugin, question: () => T): T | undefined {
    try {
      return question();
    } catch (error) {
      this.complain(owner, error);
      return undefined;
    }
  }

  complain(owner: ProviderPlugin, error: unknown): void {
    this.#options.logger.warn("a provider function failed", {
      provider: owner.id,
      error: errorMessage(error),
    });
  }
}

/**
 * On a private address a model may do without a key, whatever its provider wants elsewhere.
 *
 * @param envNames the variables that may hold the key; a provider that names none needs none
 */
export function needsKey(envNames: readonly string[], model: ModelDefinition): boolean {
  return envNames.length > 0 && !isPrivateUrl(model.baseUrl);
}
