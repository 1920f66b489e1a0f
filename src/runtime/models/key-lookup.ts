import type { SluiceConfig } from "../config/types.ts";
import { configuredProviders } from "./catalogue.ts";
import { CurrentFacts, type ManifestReader } from "./manifest-facts.ts";
import { ProviderKeys } from "./provider-keys.ts";

/** Finds keys by configuration, environment and manifests alone: for processes that run no plugin. */
export function coldKeys(options: {
  config(): SluiceConfig;
  env: Readonly<Record<string, string | undefined>>;
  manifests: ManifestReader;
}): ProviderKeys {
  const facts = new CurrentFacts(options.manifests);
  return new ProviderKeys({
    env: options.env,
    facts: () => facts.now(),
    rows: () => configuredProviders(options.config()),
    pluginOf: () => undefined,
  });
}
