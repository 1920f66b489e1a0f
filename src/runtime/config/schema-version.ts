/**
 * Number of the schema in `schema.ts`; apart from it, so that a start that need not validate does not load
 * it. Raise it whenever that schema changes: files checked under another number are checked again.
 */
export const CONFIG_SCHEMA_VERSION = 1;
