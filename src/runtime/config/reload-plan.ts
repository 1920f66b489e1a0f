import type { AfterWrite, ConfigWriteResult } from "./types.ts";

type Effect = "none" | "hot" | "reload" | "restart";

/** What a changed path asks for; the longest matching prefix decides, and no match means restart (spec 10.7). */
const RULES: readonly (readonly [prefixes: string, effect: Effect])[] = [
  [
    "gateway.remote gateway.reload meta identity wizard logging agents bindings audio agent routing messages " +
      "session talk skills secrets tui ui models state",
    "none",
  ],
  ["gateway discovery", "restart"],
  [
    "gateway.http.endpoints gateway.tools gateway.controlUi.allowedOrigins gateway.controlUi.enabled gateway.nodes " +
      "gateway.auth.rateLimit gateway.roles gateway.trustedProxies discovery.mdns.mode tools approvals broadcast " +
      "update telemetry hooks cron commands accessGroups tts surfaces mcp",
    "hot",
  ],
  ["plugins channels", "reload"],
];

/** What still has to happen after a write for its changes to take effect. */
export function followUpOf(
  paths: readonly (readonly string[])[],
  afterWrite: AfterWrite,
): ConfigWriteResult["followUp"] {
  if (afterWrite.mode === "none" || paths.length === 0) return { kind: "none" };
  if (afterWrite.mode === "restart") return { kind: "restart", reason: afterWrite.reason };
  const plugins = new Set<string>();
  for (const path of paths) {
    const effect = effectOf(path);
    if (effect === "restart") return { kind: "restart", reason: `${path.join(".")} changed` };
    if (effect === "reload") plugins.add(pluginOf(path));
  }
  return plugins.size === 0 ? { kind: "none" } : { kind: "reload", plugins: [...plugins] };
}

function effectOf(path: readonly string[]): Effect {
  let best: Effect = "restart";
  let bestLength = 0;
  for (const [prefixes, effect] of RULES) {
    for (const prefix of prefixes.split(" ")) {
      const keys = prefix.split(".");
      if (keys.length > bestLength && keys.every((key, index) => key === path[index])) {
        best = effect;
        bestLength = keys.length;
      }
    }
  }
  return best;
}

/** The plugin or channel a path belongs to; `*` for settings of all plugins. */
function pluginOf([section, second, third]: readonly string[]): string {
  if (section === "channels") return second ?? "*";
  return second === "entries" && third !== undefined ? third : "*";
}
