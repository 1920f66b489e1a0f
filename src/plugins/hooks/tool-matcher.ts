/** Names by which providers call canonical tools; a matcher must use the canonical ones (spec 4.2). */
const PROVIDER_ALIASES = new Set([
  "bash",
  "shell",
  "exec_command",
  "apply-patch",
  "Write",
  "Edit",
  "Read",
  "MultiEdit",
  "agent",
  "Task",
]);

/**
 * Checks a tool matcher: canonical tool ids, at least one, no wildcard.
 *
 * @throws TypeError for anything else; the plugin fails to register
 */
export function readToolMatcher(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw new TypeError("a tool matcher must be a non-empty list of tool ids; omit it to match every tool");
  }
  for (const name of value) {
    if (typeof name !== "string" || name.trim() === "")
      throw new TypeError("a tool matcher holds a blank name");
    if (name.includes("*"))
      throw new TypeError("a tool matcher may not use wildcards; omit it to match every tool");
    if (PROVIDER_ALIASES.has(name)) {
      throw new TypeError(
        `a tool matcher must use canonical tool ids; "${name}" is a provider's name for one`,
      );
    }
  }
  return Object.freeze([...(value as string[])]);
}

export function matchesTool(matcher: readonly string[] | undefined, toolName: string): boolean {
  return matcher === undefined || matcher.includes(toolName);
}
