/** The texts that are there, a blank line between them. */
export function joined(...parts: (string | undefined)[]): string | undefined {
  const present = parts.filter((part) => part !== undefined && part !== "");
  return present.length > 0 ? present.join("\n\n") : undefined;
}

export function textOrUndefined(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A member of this name where there is a text for it. */
export function textField<Key extends string>(key: Key, value: unknown): Partial<Record<Key, string>> {
  return typeof value === "string" && value !== "" ? ({ [key]: value } as Record<Key, string>) : {};
}

export function dropUndefined<T extends object>(
  value: T | undefined,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, field]) => field !== undefined)) as never;
}
