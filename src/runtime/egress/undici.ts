export type Undici = typeof import("./undici-library.ts");

/** Loads undici when it is needed. */
export async function loadUndici(): Promise<Undici> {
  return import("./undici-library.ts");
}
