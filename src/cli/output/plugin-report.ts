import { plain, wrap } from "./table.ts";

/** What `plugins inspect` shows of a report; the gateway's and the local one have more. */
export interface PluginReport {
  readonly plugin: {
    readonly id: string;
    readonly name?: string;
    readonly version?: string;
    readonly description?: string;
    readonly origin?: string;
    readonly source?: string;
    readonly rootDir?: string;
    readonly status?: string;
    readonly reason?: string;
    readonly error?: string;
  };
  readonly shape?: string;
  readonly contributions?: Readonly<Record<string, readonly string[]>>;
  readonly toolAvailability?: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly needs: readonly string[];
  }[];
  readonly claims?: readonly string[];
  readonly bundle?: { readonly format: string; readonly notExecuted?: readonly string[] };
  readonly policy?: { readonly allowPromptInjection?: boolean; readonly allowConversationAccess?: boolean };
  readonly compatibility?: {
    readonly signal: string;
    readonly notices: readonly { readonly message: string }[];
  };
  readonly missingSdkNames?: readonly string[];
  readonly unknownSdkNames?: readonly string[];
  readonly diagnostics?: readonly ReportedDiagnostic[];
  readonly install?: {
    readonly source?: string;
    readonly resolvedSpec?: string;
    readonly linked?: boolean;
    readonly sourcePath?: string;
  };
}

export interface ReportedDiagnostic {
  readonly level: string;
  readonly code: string;
  readonly message: string;
}

const DEFAULT_WIDTH = 100;
/** More names than this are counted, not listed; `--json` has them all. */
const MAX_NAMES = 24;

const UNKNOWN_NAMES = "Imports SDK names that are newer than this gateway, or misspelt";

/** What a report complains of: its diagnostics, and names that are no names. */
export function complaintsOf({ plugin, diagnostics = [], unknownSdkNames = [] }: PluginReport) {
  const misspelt: ReportedDiagnostic[] = unknownSdkNames.map((name) => ({
    level: "warn",
    code: "sdk-name-unknown",
    message: `the SDK name ${name} is newer than this gateway, or misspelt`,
  }));
  return [...diagnostics, ...misspelt].map((entry) => ({ ...entry, pluginId: plugin.id }));
}

/** The report of one plugin for people: what it is, how it stands, what it brings, what is wrong. */
export function describePlugin(report: PluginReport, width = DEFAULT_WIDTH): string {
  const { plugin, contributions = {}, diagnostics = [], missingSdkNames = [], unknownSdkNames = [] } = report;
  const lines = [`${plugin.name ?? plugin.id} (${plugin.id})${plugin.version ? ` ${plugin.version}` : ""}`];
  if (plugin.description) lines.push(...wrap(plain(plugin.description), width));
  lines.push("", ...rows(facts(report), width));

  const brought = Object.entries(contributions);
  lines.push("", brought.length === 0 ? "Registers nothing at present." : "Registers");
  lines.push(...rows(brought.map(([kind, names]) => [kind, listed(names)] as const).map(indent), width));

  if (report.claims?.length && plugin.origin !== "bundled") {
    const claims = report.claims
      .map((line) => line.split(/: (.*)/s))
      .map(([kind = "", names = ""]) => [kind, names] as const);
    lines.push("", "Claims in its manifest", ...rows(claims.map(indent), width));
  }

  for (const [needs, tools] of waitingTools(report)) {
    lines.push("", `Not offered to agents before there is ${needs}`, ...rows([["  ", listed(tools)]], width));
  }

  const linked = missingSdkNames.filter((name) => !unknownSdkNames.includes(name));
  if (linked.length > 0) {
    lines.push("", `Imports SDK names this gateway only links (${linked.length}); using one throws`);
    lines.push(...rows([["  ", listed(linked)]], width));
  }
  if (unknownSdkNames.length > 0) {
    lines.push("", `${UNKNOWN_NAMES} (${unknownSdkNames.length}); using one throws`);
    lines.push(...rows([["  ", listed(unknownSdkNames)]], width));
  }
  if (diagnostics.length > 0) {
    lines.push("", "Diagnostics");
    for (const { level, code, message } of diagnostics) {
      lines.push(`  ${level} ${code}`, ...wrap(plain(message), width - 4).map((line) => `    ${line}`));
    }
  }
  return lines.join("\n");
}

/** One line for each complaint, for commands that only report that something happened. */
export function describeComplaints(
  diagnostics: readonly (ReportedDiagnostic & { readonly pluginId?: string })[],
): string[] {
  return diagnostics
    .filter(({ level }) => level !== "info")
    .map(
      ({ level, pluginId, message }) =>
        `${level === "error" ? "error" : "warning"}: ${pluginId ?? "plugins"}: ${plain(message)}`,
    );
}

type Row = readonly [heading: string, text: string];

function facts({ plugin, shape, compatibility, install, bundle, policy }: PluginReport): Row[] {
  const found: Row[] = [["status", `${plugin.status ?? "-"}${plugin.reason ? ` (${plugin.reason})` : ""}`]];
  if (plugin.error) found.push(["error", plugin.error]);
  if (shape) found.push(["shape", shape]);
  if (bundle) found.push(["content", `${bundle.format} pack; only its content is used, none of its code`]);
  if (bundle?.notExecuted?.length) found.push(["not used", listed(bundle.notExecuted)]);
  if (compatibility) {
    const why = [...new Set(compatibility.notices.map(({ message }) => message))].join("; ");
    found.push(["signal", `${compatibility.signal}${why === "" ? "" : ` (${why})`}`]);
  }
  found.push(["found", `${plugin.origin ?? "-"}, ${plugin.source ?? plugin.rootDir ?? "-"}`]);
  if (install) {
    const from = install.resolvedSpec ?? install.sourcePath ?? install.source ?? "-";
    found.push(["installed", `${from}${install.linked ? " (linked: used where it is)" : ""}`]);
  }
  if (policy) {
    const prompt = policy.allowPromptInjection === false ? "may not change prompts" : "may change prompts";
    const read = policy.allowConversationAccess ? "reads conversations" : "does not read conversations";
    // Bundled plugins are trusted with conversations without being asked about.
    found.push(["hooks", plugin.origin === "bundled" ? prompt : `${prompt}, ${read}`]);
  }
  return found;
}

/** The tools that agents do not get at present, by what is missing. */
function waitingTools({ toolAvailability = [] }: PluginReport): Map<string, string[]> {
  const waiting = new Map<string, string[]>();
  for (const { name, available, needs } of toolAvailability) {
    const missing = needs.join(", or ");
    if (!available) waiting.set(missing, [...(waiting.get(missing) ?? []), name]);
  }
  return waiting;
}

function indent([heading, text]: Row): Row {
  return [`  ${heading}`, text];
}

/** Two columns; the second goes on below itself. */
function rows(entries: readonly Row[], width: number): string[] {
  const first = Math.max(0, ...entries.map(([heading]) => heading.length)) + 2;
  return entries.flatMap(([heading, text]) => {
    const [line = "", ...more] = wrap(plain(text), Math.max(width - first, MAX_NAMES));
    return [`${heading.padEnd(first)}${line}`, ...more.map((next) => " ".repeat(first) + next)];
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(", ");
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more (see --json)` : shown;
}
