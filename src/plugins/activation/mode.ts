import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import { channelSetting } from "./decide.ts";
import type { PlannedPlugin } from "./planner.ts";

/**
 * How far an enabled plugin is loaded (spec 2.12): a channel that nobody configured, and nobody asked for by
 * name, gets its light setup entry; everything else is live.
 */
export function registrationMode(
  { candidate, decision }: PlannedPlugin,
  config: Readonly<Record<string, unknown>>,
): PluginRegistrationMode {
  const channels = candidate.manifest?.channels ?? [];
  if (!candidate.setupEntry || channels.length === 0 || decision.explicitlyEnabled) return "full";
  const configured = channels.some((id) => {
    const setting = channelSetting(config, id);
    return setting === "configured" || setting === "enabled";
  });
  return configured ? "full" : "setup-runtime";
}
