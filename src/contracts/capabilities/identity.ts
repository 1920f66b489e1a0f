/** Anything a plugin registers under an id of its own. */
export interface Identified {
  id: string;
}

/** A provider that people choose by a name of its own. */
export interface LabelledProvider extends Identified {
  label: string;
}

/** A provider, or a synchronous factory that is called once when it is registered. */
export type ProviderOrFactory<T> = T | ((context: CapabilityFactoryContext) => T);

/** What a factory of a provider is told about its plugin. */
export interface CapabilityFactoryContext {
  readonly pluginId: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly pluginConfig: Readonly<Record<string, unknown>>;
}
