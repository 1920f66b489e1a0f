export type Undici = typeof import("undici");

/** Loads undici when it is needed. Bundled, its names are members of the default export alone. */
export async function loadUndici(): Promise<Undici> {
  const loaded = (await import("undici")) as Undici & { default?: unknown };
  return "fetch" in loaded ? loaded : (loaded as { default: Undici }).default;
}
