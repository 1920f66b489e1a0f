/** Reading text, numbers and records out of values of unknown shape. */
export {
  asBoolean,
  asFiniteNumber,
  asPositiveSafeInteger,
  asSafeIntegerInRange,
  parseBooleanValue,
  parseFiniteNumber,
  parseStrictFiniteNumber,
  parseStrictNonNegativeInteger,
} from "./values/numbers.ts";
export {
  asNullableObjectRecord,
  asNullableRecord,
  asOptionalObjectRecord,
  asOptionalRecord,
  asRecordOrEmpty as asNonArrayRecord,
  isRecord,
} from "./values/records.ts";
export * from "./values/strings.ts";
