import type { ReloadRegistration } from "../contracts/capabilities.ts";
import type { PluginRegistrationMode } from "../contracts/plugin-api.ts";
import { changedBelow } from "./config/config-path.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import type { KnownPlugin } from "./snapshot.ts";

type Config = Readonly<Record<string, unknown>>;

/** What an instance is made from; a change of it needs a new instance (spec 2.19). */
export function signature(known: KnownPlugin): string {
  const { manifest, ...candidate } = known.candidate;
  // A manifest may be long, and this is asked of every plugin at every change.
  const content = candidate.manifestDigest === undefined ? manifest : undefined;
  return JSON.stringify([candidate, content, settingsOf(known)]);
}

function settingsOf({ decision, entry, memorySelected, contextEngineSelected }: KnownPlugin): unknown {
  const { enabled, explicitlyEnabled } = decision;
  return [enabled, explicitlyEnabled, entry.raw, memorySelected, contextEngineSelected];
}

/** Whether what runs is no longer what a fresh start would make of the same files and configuration. */
export function needsNewInstance(
  plugin: LoadedPlugin,
  next: KnownPlugin,
  mode: PluginRegistrationMode,
  before: Config,
  after: Config,
): boolean {
  return hasNewSettings(plugin, next, mode, before, after) || signature(next) !== signature(plugin.known);
}

/** Whether the configuration asks for something else than what runs; its files may have changed besides. */
export function hasNewSettings(
  plugin: LoadedPlugin,
  next: KnownPlugin,
  mode: PluginRegistrationMode,
  before: Config,
  after: Config,
): boolean {
  if (mode !== plugin.mode) return true;
  if (JSON.stringify(settingsOf(next)) !== JSON.stringify(settingsOf(plugin.known))) return true;
  const hot = plugin.draft.items
    .filter(({ row }) => row.kind === "reload")
    .flatMap(({ value }) => (value as ReloadRegistration).hotPrefixes ?? []);
  return changedBelow([...hot, ...lookedAt(plugin)], before, after);
}

/**
 * What a plugin may have decided by: some register tools only for accounts that are set up. Settings that are
 * not its own it has to name with `registerReload`.
 */
function lookedAt({ readsConfig, known }: LoadedPlugin): readonly string[] {
  const { manifest } = known.candidate;
  if (!readsConfig || !manifest) return [];
  return [
    ...manifest.channels.map((id) => `channels.${id}`),
    ...manifest.providers.map((id) => `models.providers.${id}`),
  ];
}
