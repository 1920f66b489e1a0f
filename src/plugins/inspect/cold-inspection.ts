import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { LoadedPlugin } from "../loading/loaded-plugin.ts";
import { PluginFailure } from "../loading/plugin-failure.ts";
import type { SignalFacts } from "../manifest/signals-hold.ts";
import type { CoreNames } from "../registry/compose.ts";
import { PluginRegistry } from "../registry/registry.ts";
import type { KnownPlugin } from "../snapshot.ts";
import type { PluginRecord } from "../types.ts";
import { inspectPlugin, type PluginInspection } from "./inspect.ts";

export interface ColdInspection {
  readonly known: KnownPlugin;
  readonly record: PluginRecord;
  readonly sdkFolder: string;
  readonly core: CoreNames;
  readonly signals: SignalFacts;
  /** Registers the plugin without effect. */
  load(mode: PluginRegistrationMode): Promise<LoadedPlugin>;
  /** Ends what {@link ColdInspection.load} made. */
  release(plugin: LoadedPlugin): Promise<void>;
}

/** Looks at a plugin that does not run: one that is enabled is registered without effect and let go. */
export async function inspectCold(inspection: ColdInspection): Promise<PluginInspection> {
  const { known, record, sdkFolder, signals, core } = inspection;
  const parts = { known, record, sdkFolder, signals };
  if (!known.decision.enabled) return inspectPlugin({ ...parts, loaded: undefined, generation: undefined });
  let captured: LoadedPlugin | undefined;
  const registry = new PluginRegistry(core, () => {});
  try {
    captured = await inspection.load("discovery");
    if (captured.draft.items.length === 0) captured = await lookAgain(inspection, captured);
    registry.publish([{ draft: captured.draft, slot: known.slot }]);
    // What the plugin takes from itself shows already; what others own does where they run.
    const diagnostics = [...record.diagnostics, ...registry.conflictsOf(record.id)];
    return await inspectPlugin({
      ...parts,
      record: { ...record, diagnostics },
      loaded: captured,
      generation: registry.current(),
    });
  } catch (error) {
    const failure = error instanceof PluginFailure ? error : undefined;
    const failed: PluginRecord = { ...record, status: "error", error: errorMessage(error) };
    return inspectPlugin({ ...parts, record: failed, loaded: undefined, generation: undefined, failure });
  } finally {
    if (captured) await inspection.release(captured);
  }
}

/** Some plugins register nothing before they run for good; registering them in full shows what. */
async function lookAgain(inspection: ColdInspection, first: LoadedPlugin): Promise<LoadedPlugin> {
  const second = await inspection.load("full");
  if (second.draft.items.length === 0) {
    await inspection.release(second);
    return first;
  }
  await inspection.release(first);
  second.draft.note({
    level: "info",
    code: "registers-only-in-full",
    message: 'registers nothing in mode "discovery"; shown is what it registers when it runs',
  });
  return second;
}
