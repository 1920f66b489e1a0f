export interface CataloguedSubpath {
  subpath: string;
  area: string;
  /** What to use instead, for a deprecated one. */
  deprecated: string | undefined;
}
export const catalogueFile: string;
export const AREAS: readonly (readonly [area: string, title: string, pattern: RegExp])[];
export function readCatalogue(): Promise<CataloguedSubpath[]>;
export function catalogueText(catalogue: readonly CataloguedSubpath[]): string;
