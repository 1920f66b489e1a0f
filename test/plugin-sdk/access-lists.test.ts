import { describe, expect, it } from "vitest";
import {
  composeAccountWarningCollectors,
  composeWarningCollectors,
  createOpenGroupPolicyRestrictSendersWarningCollector,
  DM_GROUP_ACCESS_REASON,
  projectAccountConfigWarningCollector,
  projectAccountWarningCollector,
  projectConfigAccountIdWarningCollector,
  projectConfigWarningCollector,
  projectWarningCollector,
  readStoreAllowFromForDmPolicy,
  resolveDmGroupAccessWithLists,
} from "../../src/plugin-sdk/channel-policy.ts";

describe("access by lists that a channel read itself", () => {
  const decide = (params: Partial<Parameters<typeof resolveDmGroupAccessWithLists>[0]>) => {
    const isSenderAllowed = (entries: string[]) => entries.includes("ann") || entries.includes("*");
    const { decision, reasonCode } = resolveDmGroupAccessWithLists({
      isGroup: false,
      isSenderAllowed,
      ...params,
    });
    const [code] = Object.entries(DM_GROUP_ACCESS_REASON).find(([, value]) => value === reasonCode) ?? [];
    return `${decision} ${code}`;
  };

  it.each([
    [{}, "pairing DM_POLICY_PAIRING_REQUIRED"],
    [{ allowFrom: [" ann "] }, "allow DM_POLICY_ALLOWLISTED"],
    [{ storeAllowFrom: ["ann"] }, "allow DM_POLICY_ALLOWLISTED"],
    [{ dmPolicy: "allowlist", allowFrom: [] }, "block DM_POLICY_NOT_ALLOWLISTED"],
    [{ dmPolicy: "anything", allowFrom: ["bob"] }, "block DM_POLICY_NOT_ALLOWLISTED"],
    [{ dmPolicy: "open" }, "allow DM_POLICY_OPEN"],
    [{ dmPolicy: "disabled", allowFrom: ["*"] }, "block DM_POLICY_DISABLED"],
    [{ isGroup: true }, "block GROUP_POLICY_EMPTY_ALLOWLIST"],
    [{ isGroup: true, storeAllowFrom: ["ann"] }, "block GROUP_POLICY_EMPTY_ALLOWLIST"],
    [{ isGroup: true, allowFrom: ["ann"] }, "allow GROUP_POLICY_ALLOWED"],
    [
      { isGroup: true, allowFrom: ["ann"], groupAllowFromFallbackToAllowFrom: false },
      "block GROUP_POLICY_EMPTY_ALLOWLIST",
    ],
    [{ isGroup: true, allowFrom: ["ann"], groupAllowFrom: ["bob"] }, "block GROUP_POLICY_NOT_ALLOWLISTED"],
    [{ isGroup: true, groupPolicy: "open" as const }, "allow GROUP_POLICY_ALLOWED"],
    [{ isGroup: true, groupPolicy: "disabled" as const, allowFrom: ["*"] }, "block GROUP_POLICY_DISABLED"],
  ])("%j: %s", (params, expected) => expect(decide(params)).toBe(expected));

  it("reads the paired senders only where the policy knows pairing, and nobody when that fails", async () => {
    const read = (dmPolicy: string | undefined, readStore: () => Promise<string[]>) =>
      readStoreAllowFromForDmPolicy({ provider: "chat", accountId: "a", dmPolicy, readStore });
    expect(await read(undefined, async () => ["ann"])).toEqual(["ann"]);
    expect(await read("pairing", async () => ["ann"])).toEqual(["ann"]);
    expect(await read("allowlist", async () => ["ann"])).toEqual([]);
    expect(await read("pairing", () => Promise.reject(new Error("gone")))).toEqual([]);
  });

  it("warns of accounts whose groups are open to everybody", () => {
    const collect = projectAccountWarningCollector(
      createOpenGroupPolicyRestrictSendersWarningCollector<{ policy?: "open" | "allowlist" }>({
        resolveGroupPolicy: ({ policy }) => policy,
        surface: "Chat groups",
        openScope: "any member",
        groupPolicyPath: "channels.chat.groupPolicy",
        groupAllowFromPath: "channels.chat.groupAllowFrom",
        mentionGated: false,
      }),
    );
    expect(collect({ account: {} })).toEqual([]);
    expect(collect({ account: { policy: "open" } })).toEqual([
      expect.stringContaining("channels.chat.groupAllowFrom"),
    ]);
  });

  it("makes checks of one part those of all that status hands over", () => {
    const seen: unknown[] = [];
    const note = (params: unknown) => {
      seen.push(params);
      return ["- noted"];
    };
    const whole = { cfg: { channels: {} }, account: { name: "main" }, accountId: "main", more: true };
    for (const collect of [
      projectWarningCollector((params: typeof whole) => params.more, note),
      projectConfigWarningCollector<typeof whole>(note),
      projectConfigAccountIdWarningCollector<typeof whole>(note),
      projectAccountConfigWarningCollector(({ channels }) => channels, note),
    ]) {
      expect(collect(whole)).toEqual(["- noted"]);
    }
    expect(seen).toEqual([
      true,
      { cfg: whole.cfg },
      { cfg: whole.cfg, accountId: "main" },
      { account: whole.account, cfg: {} },
    ]);
  });

  it("puts several checks together", () => {
    type Params = { account: { open: boolean } };
    const base = composeWarningCollectors<Params>(
      () => "one",
      null,
      undefined,
      () => false,
    );
    const both = composeAccountWarningCollectors<Params["account"], Params>(
      base,
      ({ open }) => open && ["two", "three"],
      () => null,
    );
    expect(both({ account: { open: true } })).toEqual(["one", "two", "three"]);
    expect(both({ account: { open: false } })).toEqual(["one"]);
  });
});
