import * as z from "zod";

/**
 * Building blocks of channel settings. They are zod 4 schemas because plugins put them inside their own: a
 * schema of one copy of zod 4 works within a schema of another.
 */

export const DmPolicySchema = z.enum(["pairing", "allowlist", "open", "disabled"]);
export const GroupPolicySchema = z.enum(["open", "disabled", "allowlist"]);
export const ReplyToModeSchema = z.union([
  z.literal("off"),
  z.literal("first"),
  z.literal("all"),
  z.literal("batched"),
]);
export const ContextVisibilityModeSchema = z.enum(["all", "allowlist", "allowlist_quote"]);
export const TextChunkModeSchema = z.enum(["length", "newline"]);
export const UnifiedStreamingModeSchema = z.enum(["off", "partial", "block", "progress"]);
/** Whether an answer in a team's channel begins a thread of its own or a new post. */
export const MSTeamsReplyStyleSchema = z.enum(["thread", "top-level"]);
export const ChannelDangerouslyAllowNameMatchingSchema = z.boolean().optional();
export const ChannelSendReadReceiptsSchema = z.boolean().optional();
/** A program to start: no shell syntax. */
export const ExecutableTokenSchema = z
  .string()
  .refine(
    (value) => value.trim() !== "" && !/[\0\r\n;&|`$<>"']/.test(value),
    "expected the path of a program",
  );

const positive = () => z.number().int().positive().optional();
const count = () => z.number().int().min(0).optional();
const idList = () => z.array(z.union([z.string(), z.number()])).optional();

export const AllowFromListSchema = idList();
export const MarkdownConfigSchema = z
  .object({ tables: z.enum(["off", "bullets", "code", "block"]).optional() })
  .strict()
  .optional();
export const DmConfigSchema = z.object({ historyLimit: count() }).strict();
export const BlockStreamingCoalesceSchema = z
  .object({ minChars: positive(), maxChars: positive(), idleMs: count() })
  .strict();
export const BlockStreamingChunkSchema = z
  .object({
    minChars: positive(),
    maxChars: positive(),
    breakPreference: z
      .union([z.literal("paragraph"), z.literal("newline"), z.literal("sentence")])
      .optional(),
  })
  .strict();
export const ChannelStreamingBlockSchema = z
  .object({ enabled: z.boolean().optional(), coalesce: BlockStreamingCoalesceSchema.optional() })
  .strict();
export const ChannelStreamingPreviewSchema = z
  .object({
    chunk: BlockStreamingChunkSchema.optional(),
    toolProgress: z.boolean().optional(),
    commandText: z.enum(["raw", "status"]).optional(),
  })
  .strict();
export const ChannelStreamingProgressSchema = z
  .object({
    label: z.union([z.string(), z.literal(false)]).optional(),
    labels: z.array(z.string()).optional(),
    maxLines: positive(),
    maxLineChars: positive(),
    render: z.enum(["text", "rich"]).optional(),
    toolProgress: z.boolean().optional(),
    commandText: z.enum(["raw", "status"]).optional(),
    commentary: z.boolean().optional(),
    narration: z.boolean().optional(),
    nativeTaskCards: z.boolean().optional(),
  })
  .strict();
export const ChannelDeliveryStreamingConfigSchema = z
  .object({ chunkMode: TextChunkModeSchema.optional(), block: ChannelStreamingBlockSchema.optional() })
  .strict();
export const ChannelPreviewStreamingConfigSchema = z
  .object({
    mode: UnifiedStreamingModeSchema.optional(),
    chunkMode: TextChunkModeSchema.optional(),
    block: ChannelStreamingBlockSchema.optional(),
    preview: ChannelStreamingPreviewSchema.optional(),
    progress: ChannelStreamingProgressSchema.optional(),
  })
  .strict();
export const ChannelImplicitMentionsSchema = z
  .object({
    replyToBot: z.boolean().optional(),
    quotedBot: z.boolean().optional(),
    threadParticipation: z.boolean().optional(),
  })
  .strict();
export const ChannelBotLoopProtectionSchema = z
  .object({
    enabled: z.boolean().optional(),
    maxEventsPerWindow: positive(),
    windowSeconds: positive(),
    cooldownSeconds: positive(),
  })
  .strict();
export const MentionPatternsPolicySchema = z
  .object({
    mode: z.enum(["allow", "deny"]).optional(),
    allowIn: z.array(z.string()).optional(),
    denyIn: z.array(z.string()).optional(),
  })
  .strict();
const nativeSetting = () => z.union([z.boolean(), z.literal("auto")]).optional();
export const ProviderCommandsSchema = z
  .object({ native: nativeSetting(), nativeSkills: nativeSetting() })
  .strict()
  .optional();

const toolPolicy = () =>
  z
    .object({
      allow: z.array(z.string()).optional(),
      alsoAllow: z.array(z.string()).optional(),
      deny: z.array(z.string()).optional(),
    })
    .strict();
export const ToolPolicySchema = toolPolicy().optional();

/** Text to speech of one channel: the provider's own settings are not ours to check. */
export const TtsConfigSchema = z
  .object({ auto: z.string().optional(), enabled: z.boolean().optional(), provider: z.string().optional() })
  .loose()
  .optional();

const groupEntryShape = () => ({
  requireMention: z.boolean().optional(),
  tools: ToolPolicySchema,
  toolsBySender: z.record(z.string(), ToolPolicySchema).optional(),
  skills: z.array(z.string()).optional(),
  enabled: z.boolean().optional(),
  allowFrom: idList(),
  systemPrompt: z.string().optional(),
});

/** One entry of `groups`, with fields of the channel's own and without those it does not know. */
export function buildGroupEntrySchema(
  extraShape: z.ZodRawShape = {},
  options: { omit?: readonly string[] } = {},
) {
  const shape: Record<string, z.ZodType> = { ...groupEntryShape() };
  for (const field of options.omit ?? []) delete shape[field];
  return z.object({ ...shape, ...(extraShape as Record<string, z.ZodType>) }).strict();
}

export const ChannelGroupEntrySchema = buildGroupEntrySchema();

/** Settings of answering that most channels share; to be spread into a channel's own shape. */
export const ReplyRuntimeConfigSchemaShape = {
  historyLimit: count(),
  dmHistoryLimit: count(),
  contextVisibility: ContextVisibilityModeSchema.optional(),
  dms: z.record(z.string(), DmConfigSchema.optional()).optional(),
  textChunkLimit: positive(),
  streaming: ChannelDeliveryStreamingConfigSchema.optional(),
  responsePrefix: z.string().optional(),
  mediaMaxMb: z.number().positive().optional(),
};

export function buildNestedDmConfigSchema(extraShape: z.ZodRawShape = {}) {
  return z
    .object({
      enabled: z.boolean().optional(),
      policy: DmPolicySchema.optional(),
      allowFrom: idList(),
      ...extraShape,
    })
    .optional();
}

export function buildChannelReactionShape() {
  return {
    reactionNotifications: z.enum(["off", "own", "all", "allowlist"]).optional(),
    reactionAllowlist: idList(),
    reactionLevel: z.enum(["off", "ack", "minimal", "extensive"]).optional(),
    ackReaction: z.string().optional(),
  };
}

export function buildChannelAllowBotsSchema() {
  return z.union([z.boolean(), z.literal("mentions")]).optional();
}

export function buildChannelExecApprovalsSchema(extraShape: z.ZodRawShape = {}) {
  return z
    .object({
      enabled: z.union([z.boolean(), z.literal("auto")]).optional(),
      approvers: idList(),
      agentFilter: z.array(z.string()).optional(),
      sessionFilter: z.array(z.string()).optional(),
      target: z.enum(["dm", "channel", "both"]).optional(),
      ...extraShape,
    })
    .strict()
    .optional();
}

type Shape = Record<string, z.ZodType>;

/** The fields most channel accounts have; `omit` those a channel lacks and override those that differ. */
export function buildChannelAccountSchemaParts(
  options: Record<string, unknown> & { omit?: readonly string[] } = {},
) {
  const given = (name: string, fallback: z.ZodType): z.ZodType =>
    options[name] !== undefined ? (options[name] as z.ZodType) : fallback;
  const accountShape: Shape = {
    name: z.string().optional(),
    capabilities: given("capabilities", z.array(z.string()).optional()),
    markdown: MarkdownConfigSchema,
    configWrites: z.boolean().optional(),
    enabled: z.boolean().optional(),
    dmPolicy: DmPolicySchema.optional(),
    allowFrom: given("allowFrom", idList()),
    defaultTo: given("defaultTo", z.string().optional()),
    groupAllowFrom: given("groupAllowFrom", idList()),
    groupPolicy: GroupPolicySchema.optional(),
    mentionPatterns: given("mentionPatterns", MentionPatternsPolicySchema.optional()),
    contextVisibility: ContextVisibilityModeSchema.optional(),
    historyLimit: count(),
    dmHistoryLimit: count(),
    dms: z.record(z.string(), DmConfigSchema.optional()).optional(),
    textChunkLimit: positive(),
    streaming: given("streaming", ChannelDeliveryStreamingConfigSchema.optional()),
    heartbeatVisibility: z
      .object({
        showOk: z.boolean().optional(),
        showAlerts: z.boolean().optional(),
        useIndicator: z.boolean().optional(),
      })
      .strict()
      .optional(),
    healthMonitor: z.object({ enabled: z.boolean().optional() }).strict().optional(),
    responsePrefix: z.string().optional(),
    mediaMaxMb: given("mediaMaxMb", z.number().positive().optional()),
    replyToMode: given("replyToMode", ReplyToModeSchema.optional()),
  };
  for (const field of options.omit ?? []) delete accountShape[field];
  return {
    accountShape,
    rootPolicyShape: {
      dmPolicy: DmPolicySchema.optional().default("pairing"),
      groupPolicy: GroupPolicySchema.optional().default("allowlist"),
    },
  };
}

type Refinement = (value: never, context: z.RefinementCtx) => unknown;

/** Extending and refining happen on the plugin's own schema objects, so that they stay of one kind. */
interface ObjectSchema {
  extend(shape: Shape): ObjectSchema;
  superRefine(refine: Refinement): ObjectSchema;
  catchall(schema: z.ZodType): ObjectSchema;
  optional(): z.ZodType;
}

/** The channel's root: an account's fields, `accounts` and `defaultAccount`. */
export function buildMultiAccountChannelSchema(
  baseSchema: object,
  options: {
    accountSchema?: object;
    accountsMode?: "record" | "catchall";
    optionalAccount?: boolean;
    refine?: Refinement;
  } = {},
): z.ZodType {
  const base = baseSchema as ObjectSchema;
  const refined = (schema: ObjectSchema) => (options.refine ? schema.superRefine(options.refine) : schema);
  const account = refined((options.accountSchema ?? baseSchema) as ObjectSchema);
  const member = (options.optionalAccount ? account.optional() : account) as z.ZodType;
  const accounts =
    options.accountsMode === "catchall" ? z.object({}).catchall(member) : z.record(z.string(), member);
  const root = base.extend({ accounts: accounts.optional(), defaultAccount: z.string().optional() });
  return refined(root) as unknown as z.ZodType;
}

export function buildCatchallMultiAccountChannelSchema(accountSchema: object): z.ZodType {
  return buildMultiAccountChannelSchema(accountSchema, { accountsMode: "catchall" });
}
