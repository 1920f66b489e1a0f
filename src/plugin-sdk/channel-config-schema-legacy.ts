/** @deprecated Older name of `channel-config-schema`. */
export * from "./channel-config-schema.ts";
