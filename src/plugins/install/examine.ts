import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "../../kernel/errors.ts";
import { type PluginCandidate, policyId } from "../discovery/candidate.ts";
import { readPluginFolder } from "../discovery/read-folder.ts";
import type { InstallErrorCode, PresentPlugin } from "./types.ts";

export interface ExaminedPackage {
  readonly candidates: readonly PluginCandidate[];
  /** Id of the package. */
  readonly pluginId: string;
  readonly pluginIds: readonly string[];
  readonly packageName?: string;
  readonly version?: string;
  readonly warnings: readonly string[];
}

/**
 * Reads a staged folder as discovery will read it in place, with every safety gate, and runs none of its
 * code. @throws SluiceError `NOT_A_PLUGIN`, `PACKAGE_UNSAFE`
 */
export async function examinePackage(folder: string): Promise<ExaminedPackage> {
  const candidates = await readPluginFolder(folder, { origin: "global" });
  const first = candidates[0];
  if (!first) throw notAPlugin();
  const warnings: string[] = [];
  for (const { id, blocked, diagnostics } of candidates) {
    if (blocked) {
      const said = diagnostics.find(({ code }) => code === blocked);
      throw new SluiceError<InstallErrorCode>(
        "PACKAGE_UNSAFE",
        `"${id}" is ${withoutPlace(said?.message ?? `blocked: ${blocked}`, folder)}`,
        {
          details: { gate: blocked },
        },
      );
    }
    const broken = diagnostics.find(({ level }) => level === "error");
    if (broken) {
      throw new SluiceError<InstallErrorCode>(
        "NOT_A_PLUGIN",
        `"${id}" cannot be installed: ${withoutPlace(broken.message, folder)}`,
        { details: { code: broken.code } },
      );
    }
    warnings.push(...diagnostics.filter(({ level }) => level === "warn").map(({ message }) => message));
  }
  const { packageMetadata, manifest } = first;
  const node = await nodeWarning(folder);
  const version = packageMetadata?.packageVersion ?? manifest?.version;
  return {
    candidates,
    pluginId: candidates.length > 1 ? (first.id.split("/")[0] as string) : first.id,
    pluginIds: candidates.map(({ id }) => id),
    warnings: [...warnings, ...(node ? [node] : [])],
    ...(packageMetadata?.packageName ? { packageName: packageMetadata.packageName } : {}),
    ...(version ? { version } : {}),
  };
}

/** Where a package lies while it is examined is nothing to its owner. */
function withoutPlace(message: string, folder: string): string {
  return message.replaceAll(folder, "the package");
}

/** The plugins of a package as the host will see them once they are enabled. */
export function arrivingIn({ candidates }: ExaminedPackage): readonly PresentPlugin[] {
  return candidates.map(({ id, rootDir, manifest }) => ({
    id,
    origin: "global",
    rootDir,
    kinds: manifest?.kinds ?? [],
    channels: manifest?.channels ?? [],
    enabled: false,
    explicitlyEnabled: false,
  }));
}

export function notAPlugin(): SluiceError<InstallErrorCode> {
  return new SluiceError(
    "NOT_A_PLUGIN",
    'this is no plugin: it has neither an openclaw.plugin.json nor "openclaw.extensions" in its package.json',
  );
}

/** A name for a folder, made from any id. */
export function folderNameOf(id: string): string {
  const plain = policyId(id)
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "");
  return plain.slice(0, 80) || "plugin";
}

async function nodeWarning(folder: string): Promise<string | undefined> {
  let wanted: unknown;
  try {
    wanted = (
      JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { engines?: { node?: unknown } }
    ).engines?.node;
  } catch {
    return undefined;
  }
  if (typeof wanted !== "string") return undefined;
  const { default: semver } = await import("semver");
  return semver.validRange(wanted) && !semver.satisfies(process.version, wanted)
    ? `it asks for Node ${wanted}; this is ${process.version}`
    : undefined;
}
