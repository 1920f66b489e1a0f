export {
  createLazyRuntimeMethod,
  createLazyRuntimeMethodBinder,
  createLazyRuntimeModule,
  createLazyRuntimeNamedExport,
  createLazyRuntimeSurface,
} from "./values/lazy.ts";
