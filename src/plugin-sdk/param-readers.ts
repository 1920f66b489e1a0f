export {
  readNonNegativeIntegerParam,
  readNumberParam,
  readPositiveIntegerParam,
  readStringArrayParam,
  readStringOrNumberParam,
  readStringParam,
} from "./tools/param-readers.ts";
