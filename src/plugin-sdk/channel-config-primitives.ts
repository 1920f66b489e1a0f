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
  requireAllowlistAllowFrom,
  requireOpenAllowFrom,
} from "./schemas/channel-schemas.ts";
