import { describe, expect, it } from "vitest";
import {
  addAllowlistUserEntriesFromConfigEntry,
  parseAllowFromEntries,
  patchAllowlistUsersInConfigEntries,
  resolveBasicAllowFromEntries,
} from "../../src/plugin-sdk/allow-from.ts";
import { channelRouteTargetsMatchExact, stringifyRouteThreadId } from "../../src/plugin-sdk/channel-route.ts";
import {
  applyChannelMatchMeta,
  buildMessagingTarget,
  ensureTargetId,
  parseMentionPrefixOrAtUserTarget,
  requireTargetKind,
  resolveChannelEntryMatchWithFallback,
  resolveChannelMatchConfig,
} from "../../src/plugin-sdk/channel-targets.ts";

describe("recipients as people write them", () => {
  const parse = (raw: string) =>
    parseMentionPrefixOrAtUserTarget({
      raw,
      mentionPattern: /^<@([A-Z0-9]+)>$/i,
      prefixes: [
        { prefix: "user:", kind: "user" },
        { prefix: "channel:", kind: "channel" },
      ],
      atUserPattern: /^[A-Z0-9]+$/i,
      atUserErrorMessage: "no user id",
    });

  it("are mentions, prefixed ids or @ids", () => {
    expect(parse("<@U1>")).toEqual(buildMessagingTarget("user", "U1", "<@U1>"));
    expect(parse("Channel: C9")).toMatchObject({ kind: "channel", id: "C9", normalized: "channel:c9" });
    expect(parse("@U1")).toMatchObject({ kind: "user", id: "U1" });
    expect(parse("general")).toBeUndefined();
    expect(parse("user:")).toBeUndefined();
    expect(() => parse("@ada lovelace")).toThrow("no user id");
  });

  it("must be of the wanted kind", () => {
    const target = buildMessagingTarget("user", "U1", "U1");
    expect(requireTargetKind({ platform: "Chat", target, kind: "user" })).toBe("U1");
    const channel = { platform: "Chat", kind: "channel" };
    expect(() => requireTargetKind({ ...channel, target })).toThrow("use channel:<id>");
    expect(() => requireTargetKind({ ...channel, target: undefined })).toThrow("Chat channel id is required");
    expect(ensureTargetId({ candidate: "1", pattern: /^\d$/, errorMessage: "x" })).toBe("1");
  });

  it("a matched entry's settings say how it was found", () => {
    const entries = { general: { allow: true }, "*": { allow: false } };
    const find = (key: string) =>
      resolveChannelEntryMatchWithFallback({ entries, keys: [key], wildcardKey: "*" });
    expect(resolveChannelMatchConfig(find("general"), ({ allow }) => ({ allowed: allow }))).toEqual({
      allowed: true,
      matchKey: "general",
      matchSource: "direct",
    });
    expect(resolveChannelMatchConfig(find("other"), () => ({}))).toMatchObject({ matchSource: "wildcard" });
    expect(resolveChannelMatchConfig({}, () => ({}))).toBeNull();
    expect(applyChannelMatchMeta({ allowed: false }, {})).toEqual({ allowed: false });
  });
});

describe("where messages go", () => {
  it("is the same when channel, recipient, account and thread are", () => {
    const match = (left: object, right: object) => channelRouteTargetsMatchExact({ left, right });
    const target = { channel: "chat", to: "room", threadId: 7 };
    expect(match(target, { ...target, channel: "Chat ", threadId: "7" })).toBe(true);
    expect(match(target, { ...target, threadId: undefined })).toBe(false);
    expect(match(target, { ...target, accountId: "work" })).toBe(false);
    expect(match({}, {})).toBe(false);
    expect([7.9, " t ", "", null, Number.NaN].map(stringifyRouteThreadId)).toEqual([
      "7",
      "t",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("users of configured conversations", () => {
  const entries = { general: { users: ["ada", "*", 42], note: 1 }, quiet: { note: 2 } };
  const resolvedMap = new Map([["ada", { input: "ada", resolved: true, id: "U1" }]]);

  it("are collected, but not the wildcard", () => {
    const users = new Set<string>();
    for (const entry of [...Object.values(entries), undefined, "x"]) {
      addAllowlistUserEntriesFromConfigEntry(users, entry);
    }
    expect([...users]).toEqual(["ada", "42"]);
  });

  it("get the ids they were found by beside their names, or in their place", () => {
    expect(patchAllowlistUsersInConfigEntries({ entries, resolvedMap })).toEqual({
      general: { users: ["ada", "*", "42", "U1"], note: 1 },
      quiet: { note: 2 },
    });
    const patched = patchAllowlistUsersInConfigEntries({ entries, resolvedMap, strategy: "canonicalize" });
    expect(patched.general.users).toEqual(["U1", "*", "42"]);
    expect(patched.quiet).toBe(entries.quiet);
  });

  it("are looked up only with a token", async () => {
    const given = {
      entries: ["ada"],
      resolveEntries: async () => [{ input: "ada", resolved: true, id: "U1" }],
    };
    expect(await resolveBasicAllowFromEntries({ ...given, token: " " })).toEqual([
      { input: "ada", resolved: false, id: null },
    ]);
    expect(await resolveBasicAllowFromEntries({ ...given, token: "t" })).toEqual([
      { input: "ada", resolved: true, id: "U1" },
    ]);
  });

  it("are read from what a person typed; the first that can not be read is named", () => {
    const parse = (entry: string) =>
      /^\d+$/.test(entry) ? { value: `+${entry}` } : { error: `bad: ${entry}` };
    expect(parseAllowFromEntries("1, 2\n*;1", parse)).toEqual({ entries: ["+1", "+2", "*"] });
    expect(parseAllowFromEntries("1, x", parse)).toEqual({ entries: [], error: "bad: x" });
  });
});
