export {
  loadActivatedBundledPluginPublicSurfaceModule,
  loadBundledPluginPublicSurfaceModule,
  type SurfaceParams,
  tryLoadActivatedBundledPluginPublicSurfaceModule,
} from "./facades/loading.ts";
