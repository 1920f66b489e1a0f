export {
  createPluginRuntimeMock,
  createRuntimeEnv,
  createTestWizardPrompter,
} from "./testing/plugin-runtime.ts";
export {
  type CapturedProviders,
  registerProviderPlugin,
  registerProviderPlugins,
  registerSingleProviderPlugin,
  requireRegisteredProvider,
} from "./testing/provider-capture.ts";
