import { SDK_BRANDS } from "../brands.ts";

const BRANDS = SDK_BRANDS.join("|");

/** Package names under which plugins import the SDK (spec 0.2). */
const SDK_SPECIFIER = new RegExp(`^(?:${BRANDS})/plugin-sdk(?:/([A-Za-z0-9._-]+))?(?:\\.js)?$`);

/** The SDK subpath a specifier names (`index` for the root), or `undefined` for any other specifier. */
export function sdkSubpath(specifier: string): string | undefined {
  const match = SDK_SPECIFIER.exec(specifier);
  if (!match) return undefined;
  return (match[1] ?? "index").replace(/\.js$/, "");
}

/** The opposite of {@link sdkSubpath}. */
export function sdkSpecifier(brand: (typeof SDK_BRANDS)[number], subpath: string): string {
  return subpath === "index" ? `${brand}/plugin-sdk` : `${brand}/plugin-sdk/${subpath}`;
}

/** Finds the SDK specifiers in source text. */
export const SDK_SPECIFIERS_IN_TEXT = new RegExp(
  `["']((?:${BRANDS})/plugin-sdk(?:/[A-Za-z0-9._-]+)?)["']`,
  "g",
);

/** Marks modules of a reloaded plugin, so that the whole graph below the entry is loaded anew. */
export const RELOAD_QUERY = "sluice-reload";
