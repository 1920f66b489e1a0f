import { diagnosticText } from "./diagnostic-text.ts";
import { distinct } from "./inspect/distinct.ts";
import type { LoadedPlugin } from "./loading/loaded-plugin.ts";
import type { PluginFailure } from "./loading/plugin-failure.ts";
import { MAX_LABEL_LENGTH } from "./loading/register-definition.ts";
import type { KnownPlugin } from "./snapshot.ts";
import type { PluginDiagnostic, PluginRecord } from "./types.ts";

export interface RecordParts {
  readonly known: KnownPlugin;
  readonly loaded: LoadedPlugin | undefined;
  readonly failure: PluginFailure | undefined;
  /** Its import goes on; of a plugin that runs, that of its next instance. */
  readonly isArriving: boolean;
  /** Names lost to other plugins. */
  readonly conflicts: readonly PluginDiagnostic[];
  readonly findings: readonly PluginDiagnostic[];
}

const ARRIVING = "its import goes on, it runs when that ends";

/** The row of one plugin, from what is known, loaded and found (spec 2.16). */
export function recordOf({
  known,
  loaded,
  failure,
  isArriving,
  conflicts,
  findings,
}: RecordParts): PluginRecord {
  const { candidate, decision } = known;
  const { id, manifest } = candidate;
  const broken = candidate.diagnostics.find(({ level }) => level === "error");
  const blocked = candidate.blocked ? `blocked: ${candidate.blocked}` : undefined;
  const cause = failure?.message ?? blocked ?? broken?.message;
  const error = cause === undefined ? undefined : diagnosticText(cause);
  const failed = error !== undefined && (decision.enabled || broken !== undefined);
  const version = loaded?.version ?? manifest?.version ?? candidate.packageMetadata?.packageVersion;
  const description = loaded?.description ?? manifest?.description;
  const waiting = decision.enabled && !loaded && !failed && candidate.format === "openclaw";
  return {
    id,
    name: label(loaded?.name ?? manifest?.name ?? id),
    ...(version ? { version: label(version) } : {}),
    ...(description ? { description: label(description) } : {}),
    origin: candidate.origin,
    rootDir: candidate.rootDir,
    source: candidate.entry ?? candidate.manifestPath ?? candidate.rootDir,
    status: failed ? "error" : decision.enabled ? "loaded" : "disabled",
    reason: waiting ? `${decision.reason}; ${isArriving ? ARRIVING : "loads on first use"}` : decision.reason,
    imported: loaded !== undefined,
    explicitlyEnabled: decision.explicitlyEnabled,
    ...(failed ? { error } : {}),
    ...(failure ? { failurePhase: failure.phase } : {}),
    diagnostics: distinct([
      ...candidate.diagnostics,
      ...(loaded?.draft.diagnostics ?? []),
      ...conflicts,
      ...(failure
        ? [{ level: "error" as const, code: failure.code, message: failure.message, pluginId: id }]
        : []),
      ...findings,
    ]),
  };
}

/** What a plugin says of itself, in lists. */
function label(text: string): string {
  return diagnosticText(text.slice(0, MAX_LABEL_LENGTH));
}
