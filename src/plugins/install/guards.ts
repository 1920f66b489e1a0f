import { SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { diagnosticText } from "../diagnostic-text.ts";
import type { InstallerOptions, InstallRequest } from "./installer-options.ts";
import { askInstallPolicy, enforcePolicy, type PolicyRequest } from "./policy.ts";
import { specOf } from "./source.ts";
import type { InstallErrorCode, InstallReview } from "./types.ts";

/** Findings of plugins that an installation shows. */
export const MAX_SHOWN_FINDINGS = 100;

/**
 * Asks who may refuse a staged package besides the person at the keyboard: the operator's install policy,
 * then `before_install` hooks of running plugins (spec 2.15, 4.11). Returns what they warn of.
 *
 * @throws SluiceError `POLICY_BLOCKED`, `POLICY_WARNING`, `HOOK_BLOCKED`
 */
export async function askGuards(
  options: Pick<InstallerOptions, "config" | "env" | "clock" | "hostVersion" | "hooks">,
  { source, acknowledgePolicyWarning }: Pick<InstallRequest, "source" | "acknowledgePolicyWarning">,
  review: Omit<InstallReview, "warnings" | "added">,
  folder: string,
): Promise<readonly string[]> {
  const { pluginId, mode } = review;
  const kind = ({ npm: "plugin-npm", archive: "plugin-archive", folder: "plugin-dir" } as const)[source.kind];
  const request: PolicyRequest = {
    targetType: "plugin",
    targetName: pluginId,
    sourcePath: folder,
    sourcePathKind: "directory",
    source: {
      kind: { npm: "npm", archive: "archive", folder: "local-path" }[source.kind],
      authority: source.kind === "npm" ? "third-party" : "user",
      mutable: source.kind === "folder",
      network: source.kind === "npm",
    },
    origin: {
      type: review.source,
      spec: specOf(source),
      resolved: review.resolvedSpec,
      integrity: review.integrity,
    },
    request: { kind, mode, requestedSpecifier: specOf(source) },
    plugin: {
      pluginId,
      contentType: "package",
      ...(review.packageName ? { packageName: review.packageName } : {}),
      ...(review.version ? { version: review.version } : {}),
    },
  };
  const { config, env, clock, hostVersion, hooks } = options;
  const decision = await askInstallPolicy(config.current().config, request, { env, clock, hostVersion });
  const warnings = enforcePolicy(decision, pluginId, acknowledgePolicyWarning ?? false);
  if (!hooks?.has("before_install")) return warnings;
  const { targetType, targetName, sourcePath, sourcePathKind, origin, plugin } = request;
  const event = {
    targetType,
    targetName,
    sourcePath,
    sourcePathKind,
    origin: origin["type"],
    request: request.request,
    builtinScan: { status: "ok", scannedFiles: 0, critical: 0, warn: 0, info: 0, findings: [] },
    plugin,
  };
  const context = { targetType, requestKind: kind, origin: origin["type"] };
  const answer = await hooks.run<{ block?: boolean; blockReason?: string; findings?: unknown[] }>(
    "before_install",
    event,
    context,
  );
  if (answer?.block === true) {
    throw new SluiceError<InstallErrorCode>(
      "HOOK_BLOCKED",
      `a plugin refuses the installation of "${pluginId}": ${answer.blockReason ?? "no reason given"}`,
      { details: { findings: answer.findings ?? [] } },
    );
  }
  return [...warnings, ...(answer?.findings ?? []).slice(0, MAX_SHOWN_FINDINGS).flatMap(findingText)];
}

/** What a handler found, for the person who installs; `[]` for something without a word to it. */
function findingText(finding: unknown): string[] {
  const { message, severity, file, line } = isRecord(finding) ? finding : { message: finding };
  if (typeof message !== "string" || message.trim() === "") return [];
  const place = typeof file === "string" ? ` (${file}${typeof line === "number" ? `:${line}` : ""})` : "";
  return [diagnosticText(`${typeof severity === "string" ? `${severity}: ` : ""}${message}${place}`)];
}
