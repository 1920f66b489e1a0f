import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveGroupRule, resolveRequireMention } from "../../../src/channels/access/groups.ts";
import { newPairingCode } from "../../../src/channels/access/pairing-codes.ts";
import { type DmPolicy, decideDmAccess, decideGroupAccess } from "../../../src/channels/access/policy.ts";

const ids = fc.subarray(["ada", "bob", "eve"]);

test("no policy lets anybody in with empty lists, except what says open to all", () => {
  for (const policy of ["pairing", "allowlist", "open", "disabled"] satisfies DmPolicy[]) {
    const decision = decideDmAccess({ policy, allowFrom: [], approved: [], senderIds: ["ada"] });
    expect(decision.decision).not.toBe("allow");
  }
  expect(
    decideGroupAccess({ policy: "allowlist", groupListed: false, groupAllowFrom: [], senderIds: ["ada"] }),
  ).toMatchObject({ decision: "block", reason: "group_policy_empty_allowlist" });
});

test("approved senders count under pairing and under nothing else", () => {
  fc.assert(
    fc.property(
      ids,
      ids,
      fc.constantFrom<DmPolicy>("pairing", "allowlist", "open", "disabled"),
      (allowFrom, approved, policy) => {
        const { decision } = decideDmAccess({ policy, allowFrom, approved, senderIds: ["ada"] });
        const listed = allowFrom.includes("ada");
        const expected =
          policy === "disabled" ? false : policy === "pairing" ? listed || approved.includes("ada") : listed;
        expect(decision === "allow").toBe(expected);
        expect(decision === "pairing").toBe(policy === "pairing" && !expected);
      },
    ),
  );
});

test("open needs the star, disabled ignores it, case and spaces do not matter", () => {
  const decide = (policy: DmPolicy, allowFrom: string[]) =>
    decideDmAccess({ policy, allowFrom, approved: [], senderIds: ["Ada"] }).reason;
  expect(decide("open", ["*"])).toBe("dm_policy_open");
  expect(decide("disabled", ["*"])).toBe("dm_policy_disabled");
  expect(decide("allowlist", [" ADA "])).toBe("dm_policy_allowlisted");
});

test("an event that may not pair is blocked instead", () => {
  expect(
    decideDmAccess({ policy: "pairing", allowFrom: [], approved: [], senderIds: ["a"], mayPair: false }),
  ).toMatchObject({ decision: "block", reason: "event_pairing_not_allowed" });
});

test("a channel without a section never opens its groups", () => {
  const cfg = { channels: { defaults: { groupPolicy: "open" } } };
  expect(resolveGroupRule({ cfg, channel: "memo", groupId: "#a" }).policy).toBe("allowlist");
  expect(resolveGroupRule({ cfg: { channels: { ...cfg.channels, memo: {} } }, channel: "memo" }).policy).toBe(
    "open",
  );
});

test("a group entry that is switched off counts as absent", () => {
  const cfg = { channels: { memo: { groups: { "#A": { enabled: false }, "#b": {} } } } };
  expect(resolveGroupRule({ cfg, channel: "memo", groupId: "#a" }).listed).toBe(false);
  expect(resolveGroupRule({ cfg, channel: "memo", groupId: "#B" }).listed).toBe(true);
});

test("requireMention: the group, then the star, then the override, then yes", () => {
  const cfg = { channels: { memo: { groups: { "#a": { requireMention: false }, "*": {} } } } };
  const resolve = (over: object) => resolveRequireMention({ cfg, channel: "memo", ...over });
  expect(resolve({ groupId: "#a" })).toBe(false);
  expect(resolve({ groupId: "#b" })).toBe(true);
  expect(resolve({ groupId: "#a", requireMentionOverride: true, overrideOrder: "before-config" })).toBe(true);
  expect(resolve({ groupId: "#b", requireMentionOverride: false })).toBe(false);
  expect(resolve({ groupId: "#b", configuredGroupDefaultsToNoMention: true })).toBe(false);
});

test("pairing codes have eight characters and none that is mistaken for another", () => {
  for (let i = 0; i < 200; i++) expect(newPairingCode()).toMatch(/^[A-HJ-NP-Z2-9]{8}$/);
});
