import { isAbsolute, resolve } from "node:path";
import type { MemoryCapability, MemoryPromptBuilder } from "../../contracts/capabilities.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { isInside } from "../../kernel/confine-path.ts";
import { currentHost } from "../ambient/host.ts";
import { isRecord } from "../values/records.ts";

/** Artifacts taken from one memory plugin; the rest is left out. */
export const MAX_PUBLIC_ARTIFACTS = 10_000;
const CONTENT_TYPES = ["markdown", "json", "text"] as const;

/** A file that a memory plugin shows to others (spec 3.15). */
export interface MemoryPublicArtifact {
  /** What it is to the memory plugin, for example `memory-root` or `daily-note`. */
  kind: string;
  workspaceDir: string;
  /** Below `workspaceDir`, with `/`. */
  relativePath: string;
  absolutePath: string;
  agentIds: string[];
  contentType: (typeof CONTENT_TYPES)[number];
}

/** The memory in the slot; `undefined` while no gateway runs or nobody keeps one. */
export function getMemoryCapabilityRegistration():
  | { pluginId: string; capability: MemoryCapability }
  | undefined {
  return currentHost()?.services?.memory.active();
}

/**
 * The files that the active memory plugin shows to its companions, sorted by workspace and path. Entries that
 * are incomplete, or that lie outside of their workspace, are left out: a companion reads what is listed here.
 *
 * @returns nothing when no memory plugin is active or it shows nothing
 * @throws what the memory plugin throws
 */
export async function listActiveMemoryPublicArtifacts(params: {
  cfg: ChannelConfig;
}): Promise<MemoryPublicArtifact[]> {
  const source = getMemoryCapabilityRegistration()?.capability.publicArtifacts;
  if (!source) return [];
  const listed: unknown = await source.listArtifacts({ cfg: params.cfg } as never);
  if (!Array.isArray(listed)) return [];
  const artifacts = listed.slice(0, MAX_PUBLIC_ARTIFACTS).flatMap((entry) => readArtifact(entry) ?? []);
  return artifacts.sort(
    (one, other) =>
      compare(one.workspaceDir, other.workspaceDir) ||
      compare(one.relativePath, other.relativePath) ||
      compare(one.kind, other.kind),
  );
}

/** Lines for the system prompt: those of the active memory, then those other plugins add. One that fails adds none. */
export function buildActiveMemoryPromptSection(params: Parameters<MemoryPromptBuilder>[0]): string[] {
  const memory = currentHost()?.services?.memory;
  if (!memory) return [];
  const builders = [
    memory.active()?.capability.promptBuilder,
    ...memory.promptSupplements().map(({ builder }) => builder),
  ];
  return builders.flatMap((build) => linesOf(build, params));
}

function linesOf(
  build: MemoryPromptBuilder | undefined,
  params: Parameters<MemoryPromptBuilder>[0],
): string[] {
  try {
    const lines: unknown = build?.({ ...params, availableTools: new Set(params.availableTools) });
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}

function readArtifact(entry: unknown): MemoryPublicArtifact | undefined {
  if (!isRecord(entry)) return undefined;
  const { kind, workspaceDir, relativePath, absolutePath, agentIds, contentType } = entry;
  const texts = [kind, workspaceDir, relativePath, absolutePath];
  if (!texts.every((text) => typeof text === "string" && text !== "")) return undefined;
  const [root, path] = [workspaceDir as string, absolutePath as string];
  const type = CONTENT_TYPES.find((known) => known === contentType);
  if (!type || !isAbsolute(root) || !isAbsolute(path)) return undefined;
  if (!isInside(resolve(root), resolve(path))) return undefined;
  if (resolve(root, relativePath as string) !== resolve(path)) return undefined;
  return {
    kind: kind as string,
    workspaceDir: root,
    relativePath: relativePath as string,
    absolutePath: path,
    agentIds: Array.isArray(agentIds) ? agentIds.filter((id) => typeof id === "string") : [],
    contentType: type,
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
