import { describe, expect, it } from "vitest";
import { isAllowedParsedChatSender } from "../../src/plugin-sdk/allow-from.ts";
import { getChatChannelMeta } from "../../src/plugin-sdk/channel-plugin-common.ts";
import {
  createAllowedChatSenderMatcher,
  parseChatAllowTargetPrefixes,
  parseChatTargetPrefixesOrThrow,
  resolveServicePrefixedAllowTarget,
  resolveServicePrefixedChatTarget,
  resolveServicePrefixedOrChatAllowTarget,
} from "../../src/plugin-sdk/channel-targets.ts";
import {
  createDefaultModelsConnectionPresetAppliers,
  createDefaultModelsPresetAppliers,
} from "../../src/plugin-sdk/provider-onboard.ts";
import { buildControlUiSessionPath } from "../../src/plugin-sdk/session-discussion.ts";
import { z } from "../../src/plugin-sdk/zod.ts";

const PREFIXES = {
  chatIdPrefixes: ["chat_id:", "chat:"],
  chatGuidPrefixes: ["chat_guid:", "guid:"],
  chatIdentifierPrefixes: ["chat_identifier:"],
};
const servicePrefixes = [
  { prefix: "imessage:", service: "imessage" },
  { prefix: "sms:", service: "sms" },
];
const text = (raw: string) => ({ trimmed: raw, lower: raw.toLowerCase(), ...PREFIXES });

type Allowed = { kind: "handle"; handle: string } | ReturnType<typeof parseChatTargetPrefixesOrThrow>;
const parseAllowTarget = (raw: string): NonNullable<Allowed> =>
  resolveServicePrefixedOrChatAllowTarget({ ...text(raw), servicePrefixes, parseAllowTarget }) ?? {
    kind: "handle",
    handle: raw.toLowerCase(),
  };

describe("targets of services that name their chats", () => {
  it("tells chats by number, global id and identifier, and people by the rest", () => {
    expect(parseChatTargetPrefixesOrThrow(text("CHAT:7"))).toEqual({ kind: "chat_id", chatId: 7 });
    expect(parseChatTargetPrefixesOrThrow(text("guid: iMessage;+;Ab"))).toEqual({
      kind: "chat_guid",
      chatGuid: "iMessage;+;Ab",
    });
    expect(parseChatTargetPrefixesOrThrow(text("chat_identifier:x"))).toEqual({
      kind: "chat_identifier",
      chatIdentifier: "x",
    });
    expect(parseChatTargetPrefixesOrThrow(text("+15550001"))).toBeNull();
  });

  it.each([
    "chat_id:",
    "chat_id:seven",
    "chat_id:-1",
    `chat_id:${"9".repeat(17)}`,
    "guid:",
    "chat_identifier: ",
  ])("refuses %s as a target and takes it for nobody in an allowlist", (raw) => {
    expect(() => parseChatTargetPrefixesOrThrow(text(raw))).toThrow(raw.trim());
    expect(parseChatAllowTargetPrefixes(text(raw))).toBeNull();
  });

  it("reads the service before a person or a chat", () => {
    const resolve = (raw: string) =>
      resolveServicePrefixedChatTarget({ ...text(raw), servicePrefixes, parseTarget: (rest) => ({ rest }) });
    expect(resolve("SMS:+1 555")).toEqual({ kind: "handle", to: "+1 555", service: "sms" });
    expect(resolve("imessage:chat_id:7")).toEqual({ rest: "chat_id:7" });
    expect(resolve("+1555")).toBeNull();
    expect(() => resolve("sms: ")).toThrow("sms:");
    const allow = resolveServicePrefixedAllowTarget({ ...text("sms:"), servicePrefixes, parseAllowTarget });
    expect(allow).toEqual({ kind: "handle", handle: "" });
  });

  it("lets in whom the allowlist names, and whole chats only where that is asked for", () => {
    const options = { normalizeSender: (sender: string) => sender.toLowerCase(), parseAllowTarget };
    const isAllowed = createAllowedChatSenderMatcher(options);
    const asks = { sender: "Ann@x.y", chatId: 7, chatGuid: "g", chatIdentifier: "i" };
    expect(isAllowed({ ...asks, allowFrom: [] })).toBe(false);
    expect(isAllowed({ ...asks, allowFrom: ["*"] })).toBe(true);
    expect(isAllowed({ ...asks, allowFrom: ["sms:ann@X.y"] })).toBe(true);
    expect(isAllowed({ ...asks, allowFrom: ["bob", 7, "sms:"] })).toBe(false);
    expect(isAllowed({ ...asks, sender: "", allowFrom: ["sms:"] })).toBe(false);
    for (const entry of ["chat_id:7", "guid:g", "chat_identifier:i"]) {
      expect(isAllowed({ ...asks, allowFrom: [entry] })).toBe(false);
      expect(isAllowed({ ...asks, allowFrom: [entry], allowConversationTargets: true })).toBe(true);
      expect(isAllowedParsedChatSender({ ...options, ...asks, allowFrom: [entry] })).toBe(true);
      const elsewhere = { sender: "Ann", chatId: 8, chatGuid: null, allowFrom: [entry] };
      expect(isAllowedParsedChatSender({ ...options, ...elsewhere })).toBe(false);
    }
  });
});

describe("setting up a provider by its default models", () => {
  const preset = {
    primaryModelRef: "acme/big",
    resolveParams: () => ({
      providerId: "acme",
      api: "openai-completions",
      baseUrl: "https://acme.example/v1",
      defaultModels: () => [{ id: "big" }, { id: "small" }],
      defaultModelId: "big",
      aliases: [{ modelRef: "acme/big", alias: "Acme" }],
    }),
  };
  const chosen = { agents: { defaults: { model: { primary: "other/one", fallbacks: ["x/y"] } } } };

  it("adds the models unless the default one is there, and makes it the main one", () => {
    const { applyConfig, applyProviderConfig } = createDefaultModelsPresetAppliers(preset);
    expect(applyConfig(chosen)).toEqual({
      agents: {
        defaults: {
          model: { primary: "acme/big", fallbacks: ["x/y"] },
          models: { "acme/big": { alias: "Acme" } },
        },
      },
      models: {
        mode: "merge",
        providers: {
          acme: {
            api: "openai-completions",
            baseUrl: "https://acme.example/v1",
            models: [{ id: "big" }, { id: "small" }],
          },
        },
      },
    });
    const own = { models: { providers: { acme: { models: [{ id: "big", name: "mine" }] } } } };
    expect(applyProviderConfig(own)).toMatchObject({
      models: { providers: { acme: { models: [{ id: "big", name: "mine" }] } } },
    });
  });

  it("connects without saving the plugin's models, and leaves a chosen main model", () => {
    const { applyConfig } = createDefaultModelsConnectionPresetAppliers(preset);
    expect(applyConfig(chosen)).toMatchObject({
      ...chosen,
      models: { providers: { acme: { baseUrl: "https://acme.example/v1", models: [] } } },
    });
    expect(applyConfig({})).toMatchObject({ agents: { defaults: { model: { primary: "acme/big" } } } });
    expect(applyConfig({ models: { mode: "replace" } })).toMatchObject({
      models: { mode: "replace", providers: { acme: { models: [{ id: "big" }, { id: "small" }] } } },
    });
  });
});

it("names a channel before its plugin is loaded, and lends its zod", () => {
  expect(getChatChannelMeta("chat")).toMatchObject({ id: "chat", label: "Chat", docsPath: "/channels/chat" });
  expect(z.object({ a: z.string() }).safeParse({ a: 1 }).success).toBe(false);
});

it("gives no link to a session, because the control page has no address for one", () => {
  expect(buildControlUiSessionPath({ namespace: "chat", sessionKey: "agent:main:main" })).toBeUndefined();
});
