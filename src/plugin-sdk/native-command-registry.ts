export {
  buildCommandTextFromArgs,
  formatCommandArgMenuTitle,
  parseCommandArgs,
  resolveCommandArgChoices,
  resolveCommandArgMenu,
  serializeCommandArgs,
} from "./commands/arguments.ts";
export {
  findCommandByNativeName,
  listChatCommands,
  listNativeCommandSpecs,
  listNativeCommandSpecsForConfig,
  mergeNativeCommandSpecs,
} from "./commands/catalogue.ts";
