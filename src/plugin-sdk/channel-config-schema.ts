/** Zod building blocks of channel settings, and the builder. Without zod: subpath `core`. */

export { isValidInboundPathRootPattern } from "./media/inbound-roots.ts";
export { isSafeScpRemoteHost } from "./net/scp-host.ts";
export {
  refineChannelDmPolicy,
  requireAllowlistAllowFrom,
  requireOpenAllowFrom,
} from "./schemas/allow-from-checks.ts";
export {
  buildChannelConfigSchema,
  buildJsonChannelConfigSchema,
  type ChannelConfigSchema,
  type ChannelConfigSchemaOptions,
} from "./schemas/build-channel-config-schema.ts";
export {
  AllowFromListSchema,
  BlockStreamingChunkSchema,
  BlockStreamingCoalesceSchema,
  buildCatchallMultiAccountChannelSchema,
  buildChannelAccountSchemaParts,
  buildChannelAllowBotsSchema,
  buildChannelExecApprovalsSchema,
  buildChannelReactionShape,
  buildGroupEntrySchema,
  buildMultiAccountChannelSchema,
  buildNestedDmConfigSchema,
  ChannelBotLoopProtectionSchema,
  ChannelDangerouslyAllowNameMatchingSchema,
  ChannelDeliveryStreamingConfigSchema,
  ChannelGroupEntrySchema,
  ChannelImplicitMentionsSchema,
  ChannelPreviewStreamingConfigSchema,
  ChannelSendReadReceiptsSchema,
  ChannelStreamingBlockSchema,
  ChannelStreamingPreviewSchema,
  ChannelStreamingProgressSchema,
  ContextVisibilityModeSchema,
  DmConfigSchema,
  DmPolicySchema,
  ExecutableTokenSchema,
  GroupPolicySchema,
  MarkdownConfigSchema,
  MentionPatternsPolicySchema,
  MSTeamsReplyStyleSchema,
  ProviderCommandsSchema,
  ReplyRuntimeConfigSchemaShape,
  ReplyToModeSchema,
  TextChunkModeSchema,
  ToolPolicySchema,
  TtsConfigSchema,
  UnifiedStreamingModeSchema,
} from "./schemas/channel-schemas.ts";
