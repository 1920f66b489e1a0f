import type { PackageMetadata, PluginManifest } from "../../contracts/manifest.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import type { PluginDiagnostic, PluginOrigin } from "../types.ts";

/** A folder or file that may become a plugin, known from metadata alone (spec 2.2). */
export interface PluginCandidate {
  readonly id: string;
  readonly origin: PluginOrigin;
  /** The folder as found; `realRoot` is where its links lead. */
  readonly rootDir: string;
  readonly realRoot: string;
  readonly workspaceDir?: string;
  readonly manifestPath?: string;
  readonly manifest?: PluginManifest;
  /** Of the manifest's text; what compares manifests compares this. */
  readonly manifestDigest?: string;
  readonly packageMetadata?: PackageMetadata;
  /** Absolute paths of entry modules, chosen among built and source files. */
  readonly entry?: string;
  readonly setupEntry?: string;
  readonly cliMetadataEntry?: string;
  readonly format: "openclaw" | "bundle";
  readonly bundle?: BundleContents;
  /** Set when a safety gate refused it before any code could run: the gate's code. */
  readonly blocked?: DiagnosticCode;
  readonly diagnostics: readonly PluginDiagnostic[];
}

/** What a foreign content pack holds (spec 2.14). */
export interface BundleContents {
  readonly format: "claude" | "codex" | "cursor" | "agent-plugins";
  readonly capabilities: readonly string[];
  readonly skillRoots: readonly string[];
  readonly mcpServers: Readonly<Record<string, unknown>>;
  readonly notExecuted: readonly string[];
}

/** Plugin ids are compared after trim and lower-casing (spec 0.4). */
export function policyId(id: string): string {
  return id.trim().toLowerCase();
}

/** The candidate with one more reason not to load it. */
export function withError(
  candidate: PluginCandidate,
  code: DiagnosticCode,
  message: string,
): PluginCandidate {
  return {
    ...candidate,
    diagnostics: [
      ...candidate.diagnostics,
      { level: "error", code, message, pluginId: candidate.id, source: candidate.rootDir },
    ],
  };
}
