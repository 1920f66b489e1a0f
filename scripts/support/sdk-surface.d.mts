export interface SdkExport {
  subpath: string;
  name: string;
  kind: "class" | "function" | "value" | "type";
  deprecated: boolean;
}
export const surfaceFile: string;
export function readSurface(): Promise<SdkExport[]>;
export function lineOf(entry: SdkExport): string;
export function readReport(): Promise<string[]>;
export function missingNames(surface: readonly SdkExport[]): Promise<string[]>;
export function usedByExtensions(): Promise<Set<string>>;
