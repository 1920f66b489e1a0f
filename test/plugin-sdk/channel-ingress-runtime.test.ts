import { describe, expect, it } from "vitest";
import {
  createChannelIngressResolver,
  resolveStableChannelMessageIngress,
} from "../../src/plugin-sdk/channel-ingress-runtime.ts";

const bare = (value: string) => value.trim().replace(/^chat:/i, "");
const email = (value: string) => (bare(value).includes("@") ? bare(value).toLowerCase() : null);
const id = (value: string) => (/^u\d+$/i.test(bare(value)) ? bare(value) : null);

const identity = {
  primary: {
    key: "sender-id",
    normalizeEntry: id,
    normalizeSubject: bare,
    authentication: "verified" as const,
  },
  aliases: [
    {
      key: "email",
      normalizeEntry: email,
      normalizeSubject: (value: string) => value,
      authentication: "mutable" as const,
    },
  ],
  isWildcardEntry: (entry: string) => bare(entry) === "*",
};

function direct(
  allowFrom: string[],
  more: Record<string, unknown> = {},
  setup: Record<string, unknown> = {},
) {
  const resolver = createChannelIngressResolver({
    channelId: "chat",
    identity,
    readStoreAllowFrom: () => [],
    ...setup,
  });
  return resolver.message({
    subject: { stableId: "u7", aliases: { email: "ada@example.org" } },
    conversation: { kind: "direct", id: "u7" },
    dmPolicy: "allowlist",
    allowFrom,
    ...more,
  });
}

async function verdict(...given: Parameters<typeof direct>) {
  const { senderAccess } = await direct(...given);
  return [senderAccess.decision, senderAccess.reasonCode];
}

describe("who a sender is, as a channel defines it", () => {
  it("each form of the sender is compared with the entries that can name it", async () => {
    expect(await verdict(["chat:u7"])).toEqual(["allow", "dm_policy_allowlisted"]);
    expect(await verdict(["chat:u8"])).toEqual(["block", "dm_policy_not_allowlisted"]);
    // An e-mail address is no id, whatever the sender's id looks like.
    const odd = { subject: { stableId: "ada@example.org" } };
    expect(await verdict(["ada@example.org"], odd)).toEqual(["block", "dm_policy_not_allowlisted"]);
  });

  it("the spelling a channel normalises to is compared exactly; without one, case does not matter", async () => {
    expect(await verdict(["U7"])).toEqual(["block", "dm_policy_not_allowlisted"]);
    expect(await verdict(["U7"], {}, { identity: {} })).toEqual(["allow", "dm_policy_allowlisted"]);
  });

  it("forms that anybody can take count only when the channel's owner says so", async () => {
    const list = ["Ada@example.org"];
    expect(await verdict(list)).toEqual(["block", "mutable_identifier_disabled"]);
    const enabled = { policy: { mutableIdentifierMatching: "enabled" } };
    expect(await verdict(list, enabled)).toEqual(["allow", "dm_policy_allowlisted"]);
  });

  it("authentication may depend on the value, and the platform's word for one message wins", async () => {
    const varying = {
      identity: {
        primary: {
          authentication: (value: string) =>
            value.startsWith("u") ? ("asserted" as const) : ("mutable" as const),
        },
      },
    };
    expect(await verdict(["u7"], {}, varying)).toEqual(["allow", "dm_policy_allowlisted"]);
    const nick = { subject: { stableId: "nick" } };
    expect(await verdict(["nick"], nick, varying)).toEqual(["block", "mutable_identifier_disabled"]);
    const vouched = { subject: { stableId: "nick", authentication: { stableId: "verified" } } };
    expect(await verdict(["nick"], vouched, varying)).toEqual(["allow", "dm_policy_allowlisted"]);
  });

  it("a minimum of authentication refuses what is only asserted", async () => {
    const strict = { policy: { minIdentifierAuthentication: "verified" } };
    const asserted = { identity: { primary: { authentication: "asserted" as const } } };
    expect(await verdict(["u7"], strict, asserted)).toEqual(["block", "identifier_authentication_too_weak"]);
    expect(await verdict(["u7"], strict)).toEqual(["allow", "dm_policy_allowlisted"]);
  });

  it("the channel says what stands for everybody", async () => {
    expect(await verdict(["chat:*"], { dmPolicy: "open" })).toEqual(["allow", "dm_policy_open"]);
    const never = { identity: { isWildcardEntry: () => false } };
    expect(await verdict(["*"], { dmPolicy: "open" }, never)).toEqual(["block", "dm_policy_not_allowlisted"]);
    const group = { conversation: { kind: "group", id: "g" }, groupPolicy: "allowlist" };
    const { senderAccess } = await direct([], { ...group, groupAllowFrom: ["*"] }, never);
    expect(senderAccess.reasonCode).toBe("group_policy_not_allowlisted");
  });

  it("a channel may compare by itself", async () => {
    const byDomain = {
      identity: {
        ...identity,
        matchEntry: ({
          entry,
          subject,
        }: {
          entry: { value: string };
          subject: { identifiers: readonly { value: string }[] };
        }) => (entry.value === "u0" ? subject.identifiers[0]?.value === "u7" : undefined),
      },
    };
    expect(await verdict(["u0"], {}, byDomain)).toEqual(["allow", "dm_policy_allowlisted"]);
    expect(await verdict(["u1"], {}, byDomain)).toEqual(["block", "dm_policy_not_allowlisted"]);
  });

  it("paired senders are found by their stable id, in any case", async () => {
    const { senderAccess } = await direct(
      [],
      { subject: { stableId: "U7" }, dmPolicy: "pairing" },
      { readStoreAllowFrom: () => ["u7"] },
    );
    expect(senderAccess.decision).toBe("allow");
  });

  it("a stable identity given as one field keeps its wildcard rule", async () => {
    const { senderAccess } = await resolveStableChannelMessageIngress({
      channelId: "chat",
      identity: { normalize: bare, isWildcardEntry: () => false },
      readStoreAllowFrom: () => [],
      subject: { stableId: "u7" },
      conversation: { kind: "direct", id: "u7" },
      dmPolicy: "open",
      allowFrom: ["*"],
    });
    expect(senderAccess.allowed).toBe(false);
  });
});
