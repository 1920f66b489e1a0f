import { describe, expect, it } from "vitest";
import * as native from "../../src/plugin-sdk/command-auth-native.ts";
import { isBtwRequestText } from "../../src/plugin-sdk/command-primitives-runtime.ts";
import { shouldHandleTextCommands } from "../../src/plugin-sdk/command-surface.ts";
import type { ChatCommandDefinition } from "../../src/plugin-sdk/commands/definitions.ts";
import {
  isNativeCommandsExplicitlyDisabled,
  resolveNativeCommandsEnabled,
} from "../../src/plugin-sdk/native-command-config-runtime.ts";
import { mergeNativeCommandSpecs } from "../../src/plugin-sdk/native-command-registry.ts";

const think: ChatCommandDefinition = {
  key: "think",
  nativeName: "think",
  description: "Think harder",
  textAliases: ["/think"],
  acceptsArgs: true,
  args: [
    {
      name: "level",
      description: "How hard",
      type: "string",
      choices: ({ model }) => ["off", model ?? "high"],
    },
    { name: "why", description: "Reason", type: "string", captureRemaining: true },
  ],
  argsMenu: "auto",
  scope: "both",
};

describe("the commands of this host", () => {
  it("are the ones it answers, for text and for a platform's menu", () => {
    expect(native.listChatCommands().map(({ key }) => key)).toEqual(["stop", "approve"]);
    expect(native.findCommandByNativeName("STOP", "chat")?.textAliases).toContain("/abort");
    expect(native.findCommandByNativeName("status", "chat")).toBeUndefined();
    const specs = native.listNativeCommandSpecsForConfig(
      {},
      {
        provider: "chat",
        skillCommands: [
          { name: "weather", description: "Says the weather" },
          { name: "Stop", description: "" },
        ],
      },
    );
    expect(specs.map(({ name, acceptsArgs }) => [name, acceptsArgs])).toEqual([
      ["stop", false],
      ["approve", true],
      ["weather", true],
    ]);
  });

  it("win over others of their name, which are reported", () => {
    const lost: string[] = [];
    const merged = mergeNativeCommandSpecs({
      primary: [{ name: "a" }],
      secondary: [{ name: " A " }, { name: "b" }, { name: "B" }, { name: " " }],
      onCollision: (name) => void lost.push(name),
    });
    expect(merged).toEqual([{ name: "a" }, { name: "b" }]);
    expect(lost).toEqual(["a", "b"]);
  });

  it("are read from text in any of their forms", () => {
    expect(native.normalizeCommandBody(" /stop@mybot ", { botUsername: "MyBot" })).toBe("/stop");
    expect(native.normalizeCommandBody("/stop@other", { botUsername: "mybot" })).toBe("/stop@other");
    expect(native.normalizeCommandBody("/ABORT: now")).toBe("/stop now");
    expect(native.normalizeCommandBody("no /stop here")).toBe("no /stop here");
    expect(isBtwRequestText("/btw what is that?")).toBe(true);
    expect(isBtwRequestText("by the way")).toBe(false);
  });

  it("take arguments by position, and become the text that typing them would be", () => {
    const args = native.parseCommandArgs(think, " high  because it  matters ");
    expect(args).toEqual({
      raw: "high  because it  matters",
      values: { level: "high", why: "because it matters" },
    });
    expect(native.parseCommandArgs(think, "  ")).toBeUndefined();
    expect(native.parseCommandArgs({ ...think, argsParsing: "none" }, "x y")).toEqual({ raw: "x y" });
    expect(native.buildCommandTextFromArgs(think, { values: { why: "fun", level: "off" } })).toBe(
      "/think off fun",
    );
    expect(native.buildCommandTextFromArgs(think, { raw: " off " })).toBe("/think off");
    expect(native.buildCommandTextFromArgs(think)).toBe("/think");
    expect(native.serializeCommandArgs({ ...think, formatArgs: () => "made" }, { values: {} })).toBe("made");
  });

  it("offer a menu for the argument that was left out", () => {
    const menu = native.resolveCommandArgMenu({ command: think, model: "max" });
    expect(menu?.choices).toEqual([
      { value: "off", label: "off" },
      { value: "max", label: "max" },
    ]);
    expect(menu && native.formatCommandArgMenuTitle({ command: think, menu })).toBe(
      "Choose How hard for /think.",
    );
    expect(native.resolveCommandArgMenu({ command: think, args: { values: { level: "off" } } })).toBeNull();
    expect(native.resolveCommandArgMenu({ command: think, args: { raw: "off" } })).toBeNull();
    const titled = { ...think, argsMenu: { arg: "level", title: "Pick" } };
    expect(native.resolveCommandArgMenu({ command: titled })?.title).toBe("Pick");
    expect(native.resolveCommandArgMenu({ command: { ...think, args: [] } })).toBeNull();
  });
});

describe("who may run commands", () => {
  const ask = (cfg: object, ctx: object = {}, commandAuthorized = true) =>
    native.resolveCommandAuthorization({
      cfg: cfg as never,
      ctx: { Provider: "Chat", SenderId: "chat:Ada", ChatType: "group", ...ctx } as never,
      commandAuthorized,
    });

  it("is whom the channel let in, or whom commands.allowFrom names", () => {
    expect(ask({}).isAuthorizedSender).toBe(true);
    expect(ask({}, {}, false).isAuthorizedSender).toBe(false);
    expect(ask({ commands: { allowFrom: { chat: ["ada"] } } }, {}, false).isAuthorizedSender).toBe(true);
    expect(ask({ commands: { allowFrom: { chat: ["bob"] } } }).isAuthorizedSender).toBe(false);
    expect(ask({ commands: { allowFrom: { chat: [] } } }).isAuthorizedSender).toBe(false);
    expect(ask({ commands: { allowFrom: { "*": ["*"] } } }, {}, false).isAuthorizedSender).toBe(true);
    expect(ask({ commands: { allowFrom: { other: ["bob"] } } }).isAuthorizedSender).toBe(true);
    expect(
      ask({ commands: { allowFrom: { chat: ["ada"] } } }, { SenderId: undefined }).isAuthorizedSender,
    ).toBe(false);
  });

  it("makes an owner only of who is named as one", () => {
    expect(ask({}).senderIsOwner).toBe(false);
    expect(ask({ commands: { ownerAllowFrom: ["*"] } })).toMatchObject({
      senderIsOwner: false,
      ownerList: [],
    });
    expect(ask({ commands: { ownerAllowFrom: ["chat:ada"] } }).senderIsOwner).toBe(true);
    expect(ask({ commands: { ownerAllowFrom: ["other:ada"] } }).senderIsOwner).toBe(false);
    expect(ask({}, { OwnerAllowFrom: ["Ada"] }).senderIsOwner).toBe(true);
    expect(ask({}, { GatewayClientScopes: ["operator.admin"], SenderId: undefined }).senderIsOwner).toBe(
      true,
    );
    const group = { commands: { ownerAllowFrom: ["room"] } };
    expect(ask(group, { SenderId: undefined, From: "chat:room" }).senderIsOwner).toBe(false);
    expect(ask(group, { SenderId: undefined, From: "chat:room", ChatType: "direct" }).senderIsOwner).toBe(
      true,
    );
  });
});

it("a platform's own commands follow the channel's setting, then the shared one, then the channel's plugin", () => {
  const enabled = (providerSetting?: boolean | "auto", globalSetting?: boolean | "auto") =>
    resolveNativeCommandsEnabled({
      providerId: "chat",
      ...(providerSetting === undefined ? {} : { providerSetting }),
      ...(globalSetting === undefined ? {} : { globalSetting }),
    });
  expect([
    enabled(true, false),
    enabled(false, true),
    enabled(undefined, true),
    enabled("auto", true),
    enabled(),
  ]).toEqual([true, false, true, false, false]);
  expect(isNativeCommandsExplicitlyDisabled({ globalSetting: false })).toBe(true);
  expect(isNativeCommandsExplicitlyDisabled({ providerSetting: "auto", globalSetting: false })).toBe(false);
  const off = { commands: { text: false } };
  expect(shouldHandleTextCommands({ cfg: off, surface: "chat", commandSource: "native" })).toBe(true);
  expect(shouldHandleTextCommands({ cfg: off, surface: "chat" })).toBe(true);
});
