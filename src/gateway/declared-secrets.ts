import type { PluginManifest } from "../contracts/manifest.ts";
import type { PluginMetadataSnapshot } from "../plugins/snapshot.ts";

/** Texts shorter than this are words that stand in many places. */
const MIN_LENGTH = 4;

/**
 * The texts of a configuration at places that manifests call sensitive, or where they accept a reference to a
 * secret, of disabled plugins as well (spec 1.8, 1.9).
 */
export function declaredSecrets(
  { plugins }: Pick<PluginMetadataSnapshot, "plugins">,
  ...configs: readonly unknown[]
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { candidate } of plugins) {
    if (!candidate.manifest) continue;
    for (const path of sensitivePaths(candidate.manifest)) {
      for (const config of configs) collect(config, path, 0, found);
    }
  }
  return found;
}

function sensitivePaths({ id, uiHints, secretInputs, channelConfigs }: PluginManifest): string[][] {
  const own = [...sensitiveIn(uiHints), ...secretInputs.map(({ path }) => path)];
  const paths = own.map((path) => ["plugins", "entries", id, "config", ...segments(path)]);
  for (const [channel, settings] of Object.entries(channelConfigs)) {
    for (const path of sensitiveIn(settings.uiHints)) {
      paths.push(["channels", channel, ...segments(path)]);
      // An account has the settings of its channel.
      paths.push(["channels", channel, "accounts", "*", ...segments(path)]);
    }
  }
  return paths;
}

function sensitiveIn(hints: PluginManifest["uiHints"]): string[] {
  return Object.entries(hints).flatMap(([path, { sensitive }]) => (sensitive === true ? [path] : []));
}

function segments(path: string): string[] {
  return path
    .replaceAll("[]", ".*")
    .replace(/\[(\w+)\]/g, ".$1")
    .split(".")
    .filter(Boolean);
}

function collect(value: unknown, path: readonly string[], at: number, found: Set<string>): void {
  if (typeof value === "string") {
    if (at >= path.length && value.length >= MIN_LENGTH && !value.includes("${")) found.add(value);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const segment = path[at];
  for (const [key, child] of Object.entries(value)) {
    // Everything below a sensitive place is sensitive.
    if (segment === undefined || segment === "*" || segment === key) collect(child, path, at + 1, found);
  }
}
