import type { CommandContext } from "../context.ts";
import { describeError } from "../errors.ts";
import { describeSignals, pluginSignals } from "../plugin-signals.ts";
import { type CheckResult, failed, passed, warned } from "./check.ts";

const NAME = "plugins";

/** The worst signal of the plugins, and who gives it. */
export async function checkPlugins(context: CommandContext): Promise<CheckResult> {
  try {
    const signals = await pluginSignals(context);
    const lines = describeSignals(signals).join("\n");
    const has = (signal: string) => signals.some((one) => one.signal === signal);
    if (has("hard error")) return failed(NAME, lines, "sluice plugins doctor");
    if (lines === "") return passed(NAME, `${signals.length} in use, config valid`);
    if (has("legacy warning")) return warned(NAME, lines, "ask the plugin's author for a newer version");
    return passed(NAME, lines);
  } catch (error) {
    return warned(NAME, `the plugins could not be looked at: ${describeError(error).message}`);
  }
}
