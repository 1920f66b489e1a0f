import type { MethodGroup } from "./method.ts";

/** A group of methods: its names are known at once, its code is loaded on the first call. */
export interface CatalogueGroup {
  readonly names: readonly string[];
  load(): Promise<{ default: MethodGroup }>;
}

export const group = (names: string, load: CatalogueGroup["load"]): CatalogueGroup => ({
  names: names.split(" "),
  load,
});

/**
 * Every method of the core by group. A test checks that each group exports exactly these names, so that
 * `hello-ok.features.methods` needs no group to be loaded.
 */
export const CATALOGUE: readonly CatalogueGroup[] = [];
