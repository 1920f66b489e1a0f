import type {
  ContextEngineFactory,
  MemoryCapability,
  MemoryCorpusSupplement,
  MemoryFlushPlanResolver,
  MemoryPromptBuilder,
  MemoryPromptPreparation,
  MemoryRuntimeAdapter,
} from "../capabilities.ts";

/** Memory and the context of sessions (spec 3.15, 3.16). */
export interface MemoryApi {
  /**
   * The exclusive memory of the gateway. The manifest needs `"kind": "memory"`, the configuration selects it in
   * `plugins.slots.memory`.
   */
  registerMemoryCapability(capability: MemoryCapability): void;
  /** @deprecated Use `registerMemoryCapability({ promptBuilder })`. */
  registerMemoryPromptSection(builder: MemoryPromptBuilder): void;
  /** @deprecated Use `registerMemoryCapability({ flushPlanResolver })`. */
  registerMemoryFlushPlan(resolver: MemoryFlushPlanResolver): void;
  /** @deprecated Use `registerMemoryCapability({ runtime })`. */
  registerMemoryRuntime<Value extends MemoryRuntimeAdapter>(runtime: Value): void;
  /** Lines beside the memory part of the prompt, built synchronously. Any plugin, one each. */
  registerMemoryPromptSupplement(builder: MemoryPromptBuilder): void;
  /** Lines beside the memory part of the prompt, prepared once per run and allowed to wait. */
  registerMemoryPromptPreparation(prepare: MemoryPromptPreparation): void;
  /** A corpus of its own for memory search and memory get. Any plugin, one each. */
  registerMemoryCorpusSupplement(supplement: MemoryCorpusSupplement): void;
  /** Assembles and compacts the context of sessions. `plugins.slots.contextEngine` selects one. */
  registerContextEngine(id: string, factory: ContextEngineFactory): void;
}
