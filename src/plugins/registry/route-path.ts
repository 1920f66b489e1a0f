const MAX_DECODE_PASSES = 32;

/** The comparable form of a route path, or why there is none (spec 3.7). */
export function canonicalRoutePath(input: string): { path: string } | { problem: string } {
  let current = input.trim();
  for (let pass = 0; ; pass++) {
    let decoded: string;
    try {
      decoded = decodeURIComponent(current);
    } catch {
      return { problem: "its percent-encoding is malformed" };
    }
    if (decoded === current) break;
    if (pass >= MAX_DECODE_PASSES) return { problem: "it is percent-encoded too many times" };
    current = decoded;
  }
  if (current.includes("\0")) return { problem: "it contains a NUL character" };
  const parts: string[] = [];
  for (const part of current.replaceAll("\\", "/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part.toLowerCase());
  }
  return { path: `/${parts.join("/")}` };
}

/** True when some URL can match both routes. */
export function routesOverlap(
  a: { canonicalPath: string; match: "exact" | "prefix" },
  b: { canonicalPath: string; match: "exact" | "prefix" },
): boolean {
  return (
    a.canonicalPath === b.canonicalPath ||
    (a.match === "prefix" && isBelow(a.canonicalPath, b.canonicalPath)) ||
    (b.match === "prefix" && isBelow(b.canonicalPath, a.canonicalPath))
  );
}

function isBelow(prefix: string, path: string): boolean {
  return prefix === "/" || path.startsWith(`${prefix}/`);
}
