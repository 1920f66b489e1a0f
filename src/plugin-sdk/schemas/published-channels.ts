import * as z from "zod";
import { buildSecretInputSchema } from "../secrets/secret-schemas.ts";
import { refineChannelDmPolicy } from "./allow-from-checks.ts";
import {
  buildChannelAccountSchemaParts,
  ChannelBotLoopProtectionSchema,
  ChannelDangerouslyAllowNameMatchingSchema,
  ChannelSendReadReceiptsSchema,
  ToolPolicySchema,
} from "./channel-schemas.ts";

/**
 * Settings of two published channels, which take their schemas from the SDK instead of their own package.
 * They accept what the manifests of these packages accept, and check the channel's list against its policy.
 */

const text = () => z.string().optional();
const flag = () => z.boolean().optional();
const texts = () => z.array(z.string()).optional();
const byName = (schema: z.ZodType) => z.record(z.string(), schema.optional()).optional();

interface PolicyFields {
  dmPolicy?: string;
  allowFrom?: ReadonlyArray<string | number>;
}

/** The channel's root: an account's fields with defaults, its accounts, and what only the root has. */
function channelSchema(channel: string, account: z.ZodRawShape, root: z.ZodRawShape) {
  const shape = { ...account, ...root, accounts: byName(z.object(account).strict()), defaultAccount: text() };
  return z
    .object(shape)
    .strict()
    .superRefine((value, ctx) => refineChannelDmPolicy({ channel, value: value as PolicyFields, ctx }));
}

const chat = buildChannelAccountSchemaParts({ omit: ["mentionPatterns"] });

export const GoogleChatConfigSchema = channelSchema(
  "googlechat",
  {
    ...chat.accountShape,
    allowBots: flag(),
    botLoopProtection: ChannelBotLoopProtectionSchema.optional(),
    dangerouslyAllowNameMatching: ChannelDangerouslyAllowNameMatchingSchema,
    requireMention: flag(),
    groups: byName(
      z
        .object({
          enabled: flag(),
          requireMention: flag(),
          botLoopProtection: ChannelBotLoopProtectionSchema.optional(),
          users: z.array(z.union([z.string(), z.number()])).optional(),
          systemPrompt: text(),
        })
        .strict(),
    ),
    serviceAccount: z
      .union([z.string(), buildSecretInputSchema(), z.record(z.string(), z.unknown())])
      .optional(),
    serviceAccountFile: text(),
    audienceType: z.enum(["app-url", "project-number"]).optional(),
    audience: text(),
    appPrincipal: text(),
    webhookPath: text(),
    webhookUrl: text(),
    botUser: text(),
    dm: z.object({ enabled: flag() }).strict().optional(),
    typingIndicator: z.enum(["none", "message", "reaction"]).optional(),
  },
  chat.rootPolicyShape,
);

const phone = buildChannelAccountSchemaParts({
  allowFrom: texts(),
  groupAllowFrom: texts(),
  mediaMaxMb: z.number().int().positive().optional(),
});
const { name: accountName, ...phoneShape } = phone.accountShape;
const sharedPhoneShape = {
  ...phoneShape,
  sendReadReceipts: ChannelSendReadReceiptsSchema,
  selfChatMode: flag(),
  groups: byName(
    z
      .object({
        requireMention: flag(),
        tools: ToolPolicySchema,
        toolsBySender: byName(ToolPolicySchema),
        systemPrompt: text(),
      })
      .strict(),
  ),
  direct: byName(z.object({ systemPrompt: text() }).strict()),
  reactionLevel: z.enum(["off", "ack", "minimal", "extensive"]).optional(),
  pluginHooks: z.object({ messageReceived: flag() }).strict().optional(),
};

const phoneAccount = { ...sharedPhoneShape, name: accountName as z.ZodType, authDir: text() };

export const WhatsAppConfigSchema = channelSchema("whatsapp", phoneAccount, {
  ...phone.rootPolicyShape,
  mediaMaxMb: z.number().int().positive().optional().default(50),
  actions: z
    .object({ reactions: flag(), sendMessage: flag(), polls: flag(), calls: flag() })
    .strict()
    .optional(),
});
