import { currentHost } from "../ambient/host.ts";

/** Any provider of a capability, as its plugin registered it. */
export interface RegisteredProvider {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly autoSelectOrder?: number;
  // biome-ignore lint/suspicious/noExplicitAny: members are those of the capability (spec 2.9)
  readonly [member: string]: any;
}

/** The id of a provider as it is compared; `undefined` for none. */
export function normalizeProviderName(id: string | undefined): string | undefined {
  const name = id?.trim().toLowerCase();
  return name ? name : undefined;
}

/** Functions that look registered providers of one kind up: `list`, `get` by id or alias, `canonicalize`. */
export interface ProviderLookup {
  /** All that are registered; nothing while no gateway runs. */
  list(config?: object): RegisteredProvider[];
  /** The one of an id or alias, in any case. */
  get(id: string | undefined, config?: object): RegisteredProvider | undefined;
  /** The id that an alias stands for; the name itself when nobody registers it. */
  canonicalize(id: string | undefined, config?: object): string | undefined;
}

export function providerLookup(kind: string): ProviderLookup {
  const list = () => [...(currentHost()?.services?.providers(kind) ?? [])] as RegisteredProvider[];
  const get = (id: string | undefined) => {
    const name = normalizeProviderName(id);
    return name === undefined ? undefined : findProvider(list(), name);
  };
  return { list, get, canonicalize: (id) => get(id)?.id ?? normalizeProviderName(id) };
}

/** The provider of an id or, after all ids, of an alias. */
export function findProvider<T extends { id: string; aliases?: readonly string[] }>(
  providers: readonly T[],
  id: string,
): T | undefined {
  const name = normalizeProviderName(id);
  return (
    providers.find((provider) => normalizeProviderName(provider.id) === name) ??
    providers.find((provider) => provider.aliases?.some((alias) => normalizeProviderName(alias) === name))
  );
}
