export { assertMediaNotDataUrl, imageResultFromFile } from "./tools/image-results.ts";
export {
  parseAvailableTags,
  readNonNegativeIntegerParam,
  readNumberParam,
  readPositiveIntegerParam,
  readReactionParams,
  readStringArrayParam,
  readStringOrNumberParam,
  readStringParam,
  resolveReactionMessageId,
  ToolAuthorizationError,
} from "./tools/param-readers.ts";
export {
  createActionGate,
  createUnionActionGate,
  jsonResult,
  optionalPositiveIntegerSchema,
  stringEnum,
  withNormalizedTimestamp,
} from "./tools/results.ts";
