import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveAgentRoute } from "../../../src/channels/routing/agent-route.ts";
import { buildAgentSessionKey, normalizeAccountId } from "../../../src/channels/routing/session-key.ts";

describe("session keys", () => {
  const base = { agentId: "main", channel: "irc", accountId: "work", peer: { kind: "dm", id: "Ada" } };

  test("name conversations as the scope says", () => {
    expect(buildAgentSessionKey(base)).toBe("agent:main:main");
    expect(buildAgentSessionKey({ ...base, dmScope: "per-peer" })).toBe("agent:main:direct:ada");
    expect(buildAgentSessionKey({ ...base, dmScope: "per-channel-peer" })).toBe("agent:main:irc:direct:ada");
    expect(buildAgentSessionKey({ ...base, dmScope: "per-account-channel-peer" })).toBe(
      "agent:main:irc:work:direct:ada",
    );
    expect(buildAgentSessionKey({ ...base, peer: { kind: "group", id: "#Room" } })).toBe(
      "agent:main:irc:group:#room",
    );
    expect(buildAgentSessionKey({ ...base, peer: { kind: "channel", id: "C1" } })).toBe(
      "agent:main:irc:channel:c1",
    );
    expect(buildAgentSessionKey({ ...base, peer: { kind: "group", id: "x" }, groupScope: "main" })).toBe(
      "agent:main:main",
    );
    expect(buildAgentSessionKey({ ...base, threadId: 7, peer: { kind: "group", id: "x" } })).toBe(
      "agent:main:irc:group:x:thread:7",
    );
  });

  test("keep the case where a platform's ids need it", () => {
    expect(buildAgentSessionKey({ ...base, keepPeerCase: true, peer: { kind: "group", id: "!Ab:C" } })).toBe(
      "agent:main:irc:group:!Ab:C",
    );
  });

  test("one person on two platforms shares a conversation when linked", () => {
    const identityLinks = { ada: ["irc:ada_l", "matrix:@ada:hs"] };
    const key = (channel: string, id: string) =>
      buildAgentSessionKey({
        agentId: "main",
        channel,
        peer: { kind: "direct", id },
        dmScope: "per-peer",
        identityLinks,
      });
    expect(key("irc", "ada_l")).toBe(key("matrix", "@ada:hs"));
  });

  test("account ids are folded to the allowed characters", () => {
    fc.assert(
      fc.property(fc.string(), (raw) => {
        expect(normalizeAccountId(raw)).toMatch(/^[a-z0-9_-]{1,64}$/);
      }),
    );
    expect(normalizeAccountId(" My Work! ")).toBe("my-work");
    expect(normalizeAccountId(undefined)).toBe("default");
  });
});

describe("bindings", () => {
  const cfg = {
    agents: {
      list: [{ id: "main", default: true }, { id: "peer" }, { id: "guild" }, { id: "acct" }, { id: "chan" }],
    },
    bindings: [
      { agentId: "chan", match: { channel: "irc", accountId: "*" } },
      { agentId: "acct", match: { channel: "irc", accountId: "work" } },
      { agentId: "guild", match: { channel: "irc", accountId: "work", guildId: "g1" } },
      {
        agentId: "peer",
        match: { channel: "irc", accountId: "work", peer: { kind: "channel", id: "#Room" } },
      },
      { agentId: "nobody", match: { channel: "matrix" } },
    ],
  };
  const route = (over: object) => resolveAgentRoute({ cfg, channel: "irc", accountId: "work", ...over });

  test("the most telling one wins, whatever the order", () => {
    expect(route({ peer: { kind: "group", id: "#room" }, guildId: "g1" })).toMatchObject({
      agentId: "peer",
      matchedBy: "binding.peer",
    });
    expect(route({ peer: { kind: "direct", id: "ada" }, guildId: "g1" })).toMatchObject({ agentId: "guild" });
    expect(route({})).toMatchObject({ agentId: "acct", matchedBy: "binding.account" });
    expect(route({ accountId: "other" })).toMatchObject({ agentId: "chan", matchedBy: "binding.channel" });
    expect(route({ channel: "mail" })).toMatchObject({ agentId: "main", matchedBy: "default" });
  });

  test("a thread inherits from its parent, a direct peer is not a group", () => {
    expect(
      route({ peer: { kind: "group", id: "t" }, parentPeer: { kind: "group", id: "#room" } }),
    ).toMatchObject({
      matchedBy: "binding.peer.parent",
    });
    expect(route({ peer: { kind: "direct", id: "#room" } }).matchedBy).not.toBe("binding.peer");
  });

  test("an omitted account means the default account, and an unknown agent falls back", () => {
    expect(route({ channel: "matrix", accountId: undefined })).toMatchObject({
      agentId: "main",
      matchedBy: "binding.account",
    });
    expect(route({ channel: "matrix", accountId: "x" })).toMatchObject({ matchedBy: "default" });
  });

  test("the last route belongs to the main session only when the keys are one", () => {
    expect(route({ peer: { kind: "direct", id: "a" } }).lastRoutePolicy).toBe("main");
    expect(route({ peer: { kind: "group", id: "a" } }).lastRoutePolicy).toBe("session");
  });
});
