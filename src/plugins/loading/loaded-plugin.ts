import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import type { RegistrationDraft } from "../registry/draft.ts";
import type { KnownPlugin } from "../snapshot.ts";
import type { LoadedDefinition } from "./definition.ts";
import type { PluginInstance } from "./instance.ts";

/** A plugin that was imported and has registered. */
export interface LoadedPlugin {
  readonly known: KnownPlugin;
  readonly definition: LoadedDefinition;
  readonly draft: RegistrationDraft;
  readonly instance: PluginInstance;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** How many times the plugin's code was read in this process. */
  readonly moduleVersion: number;
  readonly mode: PluginRegistrationMode;
  /** It looked at the gateway's configuration while it registered: what it registered may depend on that. */
  readonly readsConfig: boolean;
}

/** Which plugin to load, and how. */
export interface LoadRequest {
  readonly known: KnownPlugin;
  readonly mode: PluginRegistrationMode;
  readonly generation: number;
  readonly moduleVersion: number;
  /** Only to see what it registers: whatever the mode, the plugin reaches no gateway. */
  readonly inspection?: boolean;
}

/** A light entry stands for the plugin while it is set up. */
export function usesSetupEntry({ mode, known }: LoadRequest): boolean {
  return (mode === "setup-only" || mode === "setup-runtime") && known.candidate.setupEntry !== undefined;
}
