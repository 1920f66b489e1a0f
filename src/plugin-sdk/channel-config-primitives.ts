export { requireAllowlistAllowFrom, requireOpenAllowFrom } from "./schemas/allow-from-checks.ts";
export { buildChannelConfigSchema } from "./schemas/build-channel-config-schema.ts";
export {
  AllowFromListSchema,
  BlockStreamingCoalesceSchema,
  buildCatchallMultiAccountChannelSchema,
  buildGroupEntrySchema,
  buildMultiAccountChannelSchema,
  buildNestedDmConfigSchema,
  ChannelGroupEntrySchema,
  DmConfigSchema,
  DmPolicySchema,
  GroupPolicySchema,
  MarkdownConfigSchema,
  ReplyRuntimeConfigSchemaShape,
} from "./schemas/channel-schemas.ts";
