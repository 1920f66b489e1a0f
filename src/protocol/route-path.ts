/** Decoding stops after so many passes; a path that still changes then is refused. */
export const MAX_DECODE_PASSES = 32;
/** Longest path that is looked at. */
export const MAX_PATH_LENGTH = 4_096;

/**
 * The one canonical form of a path for routing and for authorisation: one leading slash, lower-case,
 * percent-decoded until stable, dot segments resolved, repeated slashes collapsed, no trailing slash.
 *
 * @returns every form met on the way, the fully decoded one last; `undefined` for a path that can not be
 *   decoded or is too long, which must be refused
 * @example
 * canonicalPaths("/Hooks//%2e%2e/a/"); // ["/hooks/%2e%2e/a", "/a"]
 */
export function canonicalPaths(path: string): string[] | undefined {
  if (path.length > MAX_PATH_LENGTH) return undefined;
  const forms: string[] = [];
  let current = path;
  for (let pass = 0; pass <= MAX_DECODE_PASSES; pass++) {
    if (current.includes("\0")) return undefined;
    const form = resolveSegments(current);
    if (!forms.includes(form)) forms.push(form);
    let decoded: string;
    try {
      decoded = decodeURIComponent(current);
    } catch {
      return undefined;
    }
    if (decoded === current) return forms;
    current = decoded;
  }
  return undefined;
}

function resolveSegments(path: string): string {
  const kept: string[] = [];
  for (const segment of path.toLowerCase().split(/[/\\]+/)) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join("/")}`;
}
