/** Loads a module on first use and once; a failed load is tried again by the next caller. */
export function createLazyRuntimeModule<Module>(importer: () => Promise<Module>): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  return () => {
    loaded ??= importer().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

export function createLazyRuntimeSurface<Module, Surface>(
  importer: () => Promise<Module>,
  select: (module: Module) => Surface,
): () => Promise<Surface> {
  return createLazyRuntimeModule(async () => select(await importer()));
}

export function createLazyRuntimeNamedExport<Module, const Key extends keyof Module>(
  importer: () => Promise<Module>,
  key: Key,
): () => Promise<Module[Key]> {
  return createLazyRuntimeSurface(importer, (module) => module[key]);
}

export function createLazyRuntimeMethod<Surface, Args extends unknown[], Result>(
  load: () => Promise<Surface>,
  select: (surface: Surface) => (...args: Args) => Result,
): (...args: Args) => Promise<Awaited<Result>> {
  return async (...args): Promise<Awaited<Result>> =>
    (await select(await load())(...args)) as Awaited<Result>;
}

export function createLazyRuntimeMethodBinder<Surface>(load: () => Promise<Surface>) {
  return <Args extends unknown[], Result>(select: (surface: Surface) => (...args: Args) => Result) =>
    createLazyRuntimeMethod(load, select);
}
