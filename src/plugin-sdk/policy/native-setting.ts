/** `commands.native` and its like: a switch or `"auto"`. */
export function coerceNativeSetting(value: unknown): boolean | "auto" | undefined {
  return typeof value === "boolean" || value === "auto" ? value : undefined;
}
