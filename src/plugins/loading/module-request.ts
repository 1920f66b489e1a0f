/** A module of a plugin that is to be loaded. */
export interface ModuleRequest {
  /** Absolute path of the entry. */
  readonly entry: string;
  readonly realRoot: string;
  /** 0 for the first load in this process; later loads read changed files again. */
  readonly version: number;
  /** Bundled plugins were built against the SDK files beside them. */
  readonly bundled: boolean;
}

/** Node's own `import()`; a test runner that rewrites imports hands in the real one. */
export type ImportModule = (url: string) => Promise<unknown>;
