import type {
  AgentHarness,
  CliBackend,
  CompactionProvider,
  ModelCatalogProvider,
  TextTransforms,
} from "../capabilities.ts";
import type { ProviderPlugin } from "../provider.ts";

/** Models and what talks to them (spec 3.3, 3.17, 3.18). */
export interface ModelsApi {
  /**
   * A model provider: its catalogue, its authentication and, unless another plugin serves its `api`, its stream.
   */
  registerProvider(provider: ProviderPlugin): void;
  /** Rows of a provider's text, voice or media models, apart from the provider itself. */
  registerModelCatalogProvider(provider: ModelCatalogProvider): void;
  /** An executor of whole agent attempts. Accepted and shown; not used yet. */
  registerAgentHarness<Value extends AgentHarness>(
    harness: Value,
    options?: { nativeCompaction?: boolean },
  ): void;
  /** A local AI command line as an inference backend; its id becomes the prefix of its models. */
  registerCliBackend<Value extends CliBackend>(backend: Value): void;
  /** Replacements in the prompts and answers of the plugin's models. Accepted and shown; not used yet. */
  registerTextTransforms(transforms: TextTransforms): void;
  /** Summarises transcripts. Accepted and shown; not used yet. */
  registerCompactionProvider<Value extends CompactionProvider>(provider: Value): void;
}
