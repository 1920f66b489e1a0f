export {
  createPluginCommandRuntime,
  PLUGIN_COMMAND_DISPATCH,
  type PluginCommandCatalogDecision,
  type PluginCommandDispatch,
  type PluginCommandNativeCandidate,
  type PluginCommandRuntime,
} from "./commands/native-candidates.ts";
