export {
  buildProviderToolCompatFamilyHooks,
  findUnsupportedSchemaKeywords,
  stripUnsupportedSchemaKeywords,
} from "./providers/families.ts";
