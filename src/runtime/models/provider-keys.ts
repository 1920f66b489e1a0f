import type { AuthProfileCredential } from "../../contracts/auth-profiles.ts";
import type {
  ProviderApiKey,
  ProviderConfig,
  ProviderModelContext,
  ProviderPlugin,
} from "../../contracts/provider.ts";
import type { ManifestFacts } from "./manifest-facts.ts";
import { normalizeProviderId } from "./model-ref.ts";
import type { PickedProfile } from "./profile-book.ts";

/** What was found where a provider's key would be. */
export interface FoundKey extends ProviderApiKey {
  /** A text in the key's place that is none: there is nothing to send, and nothing is missing (spec 1.10). */
  marker?: string;
}

export interface ProviderKeysOptions {
  env: Readonly<Record<string, string | undefined>>;
  facts(): ManifestFacts;
  /** `models.providers` as configured. */
  rows(): Readonly<Record<string, ProviderConfig>>;
  /** The plugin of a provider, if it is loaded. */
  pluginOf(provider: string): ProviderPlugin | undefined;
  /** The default agent's sign-in with a provider. */
  profileOf?(provider: string): PickedProfile | undefined;
}

/** A key in configuration that may be the name of an environment variable. */
const ENV_NAME = /^[A-Z][A-Z0-9_]{2,}$/;

/** Finds the keys of providers: among sign-ins, in configuration, in the environment, or where manifests say. */
export class ProviderKeys {
  readonly #options: ProviderKeysOptions;

  constructor(options: ProviderKeysOptions) {
    this.#options = options;
  }

  /** A provider's key: that of the default agent's sign-in, else the {@link configured} one. */
  find(provider: string): FoundKey {
    const profile = this.#options.profileOf?.(provider);
    return profile ? this.ofProfile(provider, profile) : this.configured(provider);
  }

  /** A sign-in as its provider sends it. */
  ofProfile(provider: string, { profileId, credential, secret, mode }: PickedProfile): FoundKey {
    const formatted = this.#formatted(provider, credential);
    const apiKey = typeof formatted === "string" && formatted !== "" ? formatted : secret;
    const found = { mode, source: "profile" as const, profileId };
    return this.#options.facts().isMarker(apiKey) ? { ...found, marker: apiKey } : { ...found, apiKey };
  }

  #formatted(provider: string, credential: AuthProfileCredential): unknown {
    const owner = this.#options.pluginOf(normalizeProviderId(provider));
    try {
      return owner?.formatApiKey?.({ ...credential });
    } catch {
      // As with every other function of a provider: no answer. The secret itself may do.
      return undefined;
    }
  }

  /**
   * A provider's key without sign-ins: its config row first, then the environment variables it names, then the
   * provider whose key it uses.
   *
   * @param row the provider's row with its catalogue below it; the configured one without
   */
  configured(provider: string, row?: ProviderConfig, context?: ProviderModelContext): FoundKey {
    const id = normalizeProviderId(provider);
    const own = row ?? this.#row(id);
    const found = this.#ownKey(id, own, context);
    if (found.apiKey !== undefined || found.marker !== undefined) return found;
    const lender = this.lenderOf(id, own?.baseUrl);
    return lender === id ? found : this.#ownKey(lender, this.#row(lender));
  }

  /** Whether {@link find} finds a key, or something that does in its place. */
  has(provider: string): boolean {
    const { apiKey, marker } = this.find(provider);
    return apiKey !== undefined || marker !== undefined;
  }

  /** The provider whose key another one uses at an address, its usual one by default. */
  lenderOf(provider: string, baseUrl?: string): string {
    const id = normalizeProviderId(provider);
    const facts = this.#options.facts();
    return facts.authProviderOf(id, baseUrl ?? this.#row(id)?.baseUrl ?? facts.providers.get(id)?.baseUrl);
  }

  /** The environment variables that may hold a provider's key, its lender's included. */
  envNames(provider: string, baseUrl?: string): readonly string[] {
    const id = normalizeProviderId(provider);
    return [...new Set([id, this.lenderOf(id, baseUrl)].flatMap((name) => this.#ownEnvNames(name)))];
  }

  /** A text as something to send; `undefined` for one that only stands for a key. */
  sendable(key: string | undefined): string | undefined {
    return key !== undefined && this.#options.facts().isMarker(key) ? undefined : key;
  }

  #ownKey(id: string, row: ProviderConfig | undefined, context?: ProviderModelContext): FoundKey {
    const { env } = this.#options;
    if (typeof row?.apiKey === "string" && row.apiKey.length > 0) {
      const named = ENV_NAME.test(row.apiKey) ? env[row.apiKey] : undefined;
      return this.#found(named || row.apiKey, named ? "env" : "config");
    }
    const resolved = context && this.#options.pluginOf(id)?.resolveConfigApiKey?.(context);
    if (resolved) return this.#found(resolved, "config");
    for (const name of this.#ownEnvNames(id)) {
      const value = env[name];
      if (value) return this.#found(value, "env");
    }
    return { source: "none" };
  }

  #found(text: string, source: "config" | "env"): FoundKey {
    return this.#options.facts().isMarker(text)
      ? { marker: text, mode: "api-key", source }
      : { apiKey: text, mode: "api-key", source };
  }

  #ownEnvNames(id: string): string[] {
    return [...(this.#options.pluginOf(id)?.envVars ?? []), ...this.#options.facts().envVarsOf(id)];
  }

  #row(id: string): ProviderConfig | undefined {
    const rows = this.#options.rows();
    return rows[id] ?? Object.entries(rows).find(([raw]) => normalizeProviderId(raw) === id)?.[1];
  }
}
