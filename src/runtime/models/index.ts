import type { AssistantMessage } from "../../contracts/messages.ts";
import type { ModelDefinition } from "../../contracts/model-stream.ts";
import type { FailoverReason, ProviderPlugin } from "../../contracts/provider.ts";
import type { ManifestModelRow } from "../../contracts/provider-metadata.ts";
import type { ProviderAuthResult } from "../../contracts/runtime/host.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { agentModelRef } from "../agent/settings.ts";
import { buildCatalogue, type Catalogue, completeModel } from "./catalogue.ts";
import { formatModelRef, type ModelRef, normalizeProviderId, parseModelRef } from "./model-ref.ts";
import { expandAlias, modelTable } from "./model-table.ts";
import type { ProfileWish } from "./profile-book.ts";
import { type AuthQuestion, ProviderAuth } from "./provider-auth.ts";
import { type ModelsOptions, Providers } from "./providers.ts";
import { explainFailure, type ModelQuestion, type ModelRequest, prepareRequest } from "./request.ts";
import { type DefinedModel, ModelResolution, unknownModel } from "./resolution.ts";
import type { ModelRemark } from "./suppression.ts";
import type { ThinkingPolicy } from "./thinking.ts";
import type { ListedModel, ModelErrorCode, Models, ResolvedModel } from "./types.ts";

export * from "./model-ref.ts";
export { isPrivateUrl } from "./private-url.ts";
export { LOCAL_IDLE_TIMEOUT_MS } from "./resolution.ts";
export * from "./thinking.ts";
export type * from "./types.ts";

/** How long a detected default (a local server that may come and go) is believed. */
export const DEFAULT_MODEL_TTL_MS = 30_000;
/** Models kept ready to be asked. */
export const MAX_RESOLVED_MODELS = 256;

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
  readonly #providers: Providers;
  readonly #auth: ProviderAuth;
  readonly #resolution: ModelResolution;
  #catalogue: Cached<Catalogue> | undefined;
  #suggested: Cached<string | undefined> | undefined;
  readonly #defined = new Map<string, DefinedModel>();
  readonly #resolved = new Map<string, ResolvedModel>();
  #resolvedStamp = "";

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#providers = new Providers(options);
    this.#auth = new ProviderAuth(options, this.#providers);
    this.#resolution = new ModelResolution(options, this.#providers, this.#auth);
  }

  async resolve(ref?: string, agentId?: string, wish: Omit<ProfileWish, "agentId"> = {}) {
    const wanted = ref ?? (await this.defaultRef(agentId));
    const provider = parseModelRef(expandAlias(this.#config(), wanted))?.provider;
    if (provider) await this.#activate(provider);
    await this.#providers.profiles?.refresh(agentId);
    const stamp = this.#stamp();
    if (stamp !== this.#resolvedStamp) {
      this.#defined.clear();
      this.#resolved.clear();
      this.#resolvedStamp = stamp;
    }
    const defined = this.#defined.get(wanted) ?? (await this.#define(wanted));
    if (stamp === this.#stamp()) remember(this.#defined, wanted, defined);
    const preferred = defined.profileId ?? wish.preferred;
    const { context } = defined;
    const profile = await this.#providers.freshProfileFor(context.provider, context.modelId, {
      ...wish,
      preferred,
      agentId,
    });
    // Agents may have different secrets under one id.
    const key = profile ? JSON.stringify([wanted, profile.profileId, profile.secret]) : wanted;
    const known = this.#resolved.get(key);
    if (known) return profile ? { ...known, profile } : known;
    const resolved = await this.#resolution.prepare(defined, profile);
    if (stamp === this.#stamp()) remember(this.#resolved, key, resolved);
    return resolved;
  }

  report({ profile, model }: ResolvedModel, reason?: FailoverReason): void {
    if (!profile) return;
    const { profileId, secret } = profile;
    if (reason === undefined) this.#providers.profiles?.succeeded(profileId, secret);
    else this.#providers.profiles?.failed(profileId, secret, { reason, modelId: model.id });
  }

  profileUsage() {
    return this.#providers.profiles?.usage() ?? {};
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
    if (configured) return expandAlias(this.#config(), configured);
    const suggested = await this.#suggestedDefault();
    if (suggested) return suggested;
    throw new SluiceError<ModelErrorCode>(
      "MODEL_NOT_CONFIGURED",
      "no model is configured and no provider offers one; set agents.defaults.model to provider/model",
    );
  }

  async list(view: "default" | "configured" | "provider-config" | "all"): Promise<ListedModel[]> {
    await this.#providers.profiles?.refresh();
    await this.#providers.prepareList();
    const catalogue = await this.#loadCatalogue();
    const chosen = agentModelRef(this.#config());
    const defaultRef = await this.defaultRef().catch(() => undefined);
    const named = new Set(Object.keys(modelTable(this.#config())).concat(chosen ?? []));
    const rows: ListedModel[] = [];
    for (const provider of catalogue.values()) {
      if (provider.aliasOf !== undefined) continue;
      const owner = this.#providers.ownerFor(provider.id, provider.config.api);
      for (const row of provider.config.models ?? []) {
        const ref = formatModelRef({ provider: provider.id, modelId: row.id });
        const remark = this.#resolution.remark(provider.id, row.id, provider.config);
        if (remark?.hidden) continue;
        if (view === "configured" && !named.has(ref)) continue;
        if (view === "provider-config" && !provider.configured) continue;
        const listed = {
          ...this.#listed(completeModel(provider.id, row, provider.config), owner),
          ...labelsOf(row, remark),
        };
        if (view === "default" && !listed.available && !named.has(ref)) continue;
        rows.push(ref === defaultRef ? { ...listed, tags: ["default", ...(listed.tags ?? [])] } : listed);
      }
    }
    return rows;
  }

  async find(provider: string, modelId: string): Promise<ModelDefinition | undefined> {
    const id = normalizeProviderId(provider);
    const spelled = this.#providers.facts().normalizeModelId(id, modelId);
    const found = (await this.#loadCatalogue()).get(id);
    const row = found?.config.models?.find((model) => model.id === modelId || model.id === spelled);
    return found && row ? completeModel(found.id, row, found.config) : undefined;
  }

  async thinkingPolicy(provider: string, modelId: string): Promise<ThinkingPolicy> {
    const model = await this.find(provider, modelId);
    return this.#providers.thinking(
      model ?? { id: modelId, provider, api: "" },
      this.#providers.ownerOf(provider),
    );
  }

  apiKeyFor(provider: string) {
    return this.#providers.apiKeyFor(provider);
  }

  async findAuth(question: AuthQuestion): Promise<ProviderAuthResult> {
    await this.#activate(normalizeProviderId(question.provider));
    await this.#providers.profiles?.refresh();
    await this.#providers.freshProfileFor(normalizeProviderId(question.provider), question.modelId ?? "");
    return this.#auth.find(question);
  }

  hasAuth(provider: string, agentId?: string): boolean {
    return this.#providers.hasAuth(provider, agentId);
  }

  authProviderOf(provider: string): string {
    return this.#providers.keys.lenderOf(provider);
  }

  ownerOf(provider: string): ProviderPlugin | undefined {
    return this.#providers.ownerOf(provider);
  }

  async #define(wanted: string): Promise<DefinedModel> {
    const fallback = parseModelRef(await this.defaultRef().catch(() => ""))?.provider;
    const expanded = expandAlias(this.#config(), wanted);
    const parsed = parseModelRef(expanded, fallback);
    const ref = expanded.includes("/") ? parsed : await this.#claimed(expanded, parsed);
    if (!ref) throw unknownModel(wanted, "write it as provider/model");
    return this.#resolution.define(wanted, ref, await this.#loadCatalogue());
  }

  /** A name without provider: the default one's where that lists it, else that of who claims such names. */
  async #claimed(name: string, usual: ModelRef | undefined): Promise<ModelRef | undefined> {
    if (usual) await this.#activate(usual.provider);
    if (usual && (await this.find(usual.provider, usual.modelId))) return usual;
    const bare = parseModelRef(name, "anybody");
    const provider = bare && this.#providers.facts().providerOfModelName(bare.modelId);
    if (!bare || provider === undefined) return usual;
    await this.#activate(provider);
    return { ...bare, provider };
  }

  async #activate(provider: string): Promise<void> {
    const served = this.#providers.facts().servedAs(provider);
    await this.#options.activate?.({ kind: "provider", provider: served });
    if (this.#providers.ownerOf(provider)) return;
    await this.#options.activate?.({ kind: "cliBackend", backend: provider });
  }

  #listed(model: ModelDefinition, owner: ProviderPlugin | undefined): ListedModel {
    const thinking = this.#providers.thinking(model, owner);
    const available = this.#resolution.available(model, owner);
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

  #suggestedDefault(): Promise<string | undefined> {
    const now = this.#options.clock.monotonic();
    const stamp = this.#stamp();
    if (!this.#suggested || this.#suggested.stamp !== stamp || this.#suggested.until <= now) {
      this.#suggested = {
        stamp,
        until: now + DEFAULT_MODEL_TTL_MS,
        value: this.#providers.suggestedDefault(),
      };
    }
    return this.#suggested.value;
  }

  #loadCatalogue(): Promise<Catalogue> {
    const now = this.#options.clock.monotonic();
    const stamp = this.#stamp();
    if (!this.#catalogue || this.#catalogue.stamp !== stamp || this.#catalogue.until <= now) {
      const { clock, logger, env } = this.#options;
      const input = {
        providers: this.#providers.list(),
        config: this.#config(),
        env,
        clock,
        logger,
        keys: this.#providers.keys,
        facts: this.#providers.facts(),
      };
      this.#catalogue = { stamp, until: now + DEFAULT_MODEL_TTL_MS, value: buildCatalogue(input) };
    }
    return this.#catalogue.value;
  }

  #config() {
    return this.#options.config.current().config;
  }

  #stamp(): string {
    const profiles = this.#providers.profiles?.version ?? 0;
    return `${this.#providers.stamp()}:${this.#options.config.current().revision}:${profiles}`;
  }
}

/** Keeps a value in a map that does not grow without end. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_RESOLVED_MODELS && !map.has(key)) map.clear();
  map.set(key, value);
}

/** What a row says of itself besides what a model can do. */
function labelsOf(row: Partial<ManifestModelRow>, remark: ModelRemark | undefined): Partial<ListedModel> {
  const status = row.status === "preview" ? "preview" : remark ? "deprecated" : undefined;
  const reason = remark?.reason ?? row.statusReason;
  return {
    ...(row.tags && row.tags.length > 0 ? { tags: [...row.tags] } : {}),
    ...(status ? { status } : {}),
    ...(reason === undefined ? {} : { statusReason: reason }),
    ...(remark?.replacedBy === undefined ? {} : { replacedBy: remark.replacedBy }),
  };
}

export { orderedProfiles, profilesOf, readAuthProfiles } from "./auth-profiles.ts";
export { reasonOfStatus } from "./failure-reason.ts";
export { defaultModelOf } from "./model-choice.ts";
export { modelAuthNamespace, modelConfigNamespace } from "./plugin-namespace.ts";
