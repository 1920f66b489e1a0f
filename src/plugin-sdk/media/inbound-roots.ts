import { posix } from "node:path";

/** Folders that attachments of a platform come from: absolute paths whose parts may each be `*`. */

/** The pattern in one spelling; `undefined` for a relative one, the file system's root or a star inside a name. */
function rootPattern(value: string): string[] | undefined {
  const parts = partsOf(value);
  const usable = parts && parts.length > 0 && !/^[a-z]:$/i.test(parts.join("/"));
  return usable && parts.every((part) => part === "*" || !part.includes("*")) ? parts : undefined;
}

/** The parts of an absolute path, dots resolved; a drive letter is the first of them. */
function partsOf(value: string): string[] | undefined {
  const text = value.trim().replaceAll("\\", "/");
  if (text === "" || text.includes("\0")) return undefined;
  const drive = /^[a-z]:\//i.test(text);
  if (!drive && !text.startsWith("/")) return undefined;
  const plain = posix.normalize(drive ? `/${text}` : text);
  return plain.split("/").filter((part) => part !== "");
}

function spelled(parts: readonly string[]): string {
  return /^[a-z]:$/i.test(parts[0] ?? "") ? parts.join("/") : `/${parts.join("/")}`;
}

export function isValidInboundPathRootPattern(value: string): boolean {
  return rootPattern(value) !== undefined;
}

/** All patterns of several lists, each once, in order; those that are none are left out. */
export function mergeInboundPathRoots(...lists: (readonly string[] | null | undefined)[]): string[] {
  const patterns = lists
    .flatMap((list) => list ?? [])
    .map((root) => (typeof root === "string" ? rootPattern(root) : undefined));
  return [...new Set(patterns.flatMap((parts) => (parts ? [spelled(parts)] : [])))];
}

/** Whether a path, which the caller has freed of links, lies below one of the roots. No roots: the fallback ones. */
export function isInboundPathAllowed(params: {
  filePath: string;
  roots?: readonly string[];
  fallbackRoots?: readonly string[];
}): boolean {
  const path = partsOf(params.filePath);
  const stated = mergeInboundPathRoots(params.roots);
  const roots = stated.length > 0 ? stated : mergeInboundPathRoots(params.fallbackRoots);
  if (!path) return false;
  return roots.some((root) => {
    const parts = partsOf(root) ?? [];
    return path.length >= parts.length && parts.every((part, at) => part === "*" || part === path[at]);
  });
}
