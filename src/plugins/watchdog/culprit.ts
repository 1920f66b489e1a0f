import { pathToFileURL } from "node:url";

/** Where the code of one plugin lies. */
export interface PluginRoot {
  readonly pluginId: string;
  /** Real path of its folder. */
  readonly root: string;
}

/** Frames of a stack that are looked at; a recursion without end has more than anybody needs. */
const MAX_FRAMES = 50;

/** The plugin whose files a stack, or a list of script addresses, passes through first; innermost counts. */
export function culpritIn(lines: readonly string[], roots: readonly PluginRoot[]): string | undefined {
  const places = roots.map(({ pluginId, root }) => ({
    pluginId,
    // A stack shows an ES module by its address and everything else by its path.
    prefixes: [`${root}/`, `${pathToFileURL(root).href}/`],
    length: root.length,
  }));
  // A plugin's folder may lie in another's: the innermost folder owns the file.
  places.sort((a, b) => b.length - a.length);
  for (const line of lines.slice(0, MAX_FRAMES)) {
    const place = places.find(({ prefixes }) => prefixes.some((prefix) => line.includes(prefix)));
    if (place) return place.pluginId;
  }
  return undefined;
}

/** Frames of the running code only: what merely waits for it did not do it. */
export function framesOf(stack: unknown): readonly string[] {
  if (typeof stack !== "string") return [];
  return stack.split("\n").filter((line) => /^\s+at (?!async )/.test(line));
}

/** The stack of anything that was thrown, also when it defends itself. */
export function stackOf(thrown: unknown): unknown {
  try {
    return (thrown as { stack?: unknown } | null | undefined)?.stack;
  } catch {
    return undefined;
  }
}
