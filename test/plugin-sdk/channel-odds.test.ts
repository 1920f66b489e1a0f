import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openIngressQueue } from "../../src/channels/runtime/ingress-queue.ts";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { RunningPrograms } from "../../src/kernel/running-programs.ts";
import { assertMediaNotDataUrl, imageResultFromFile } from "../../src/plugin-sdk/channel-actions.ts";
import { recordChannelActivity } from "../../src/plugin-sdk/channel-activity-runtime.ts";
import { normalizeLegacyDmAliases } from "../../src/plugin-sdk/channel-config-helpers.ts";
import { resolveChannelConfigWrites } from "../../src/plugin-sdk/channel-config-writes.ts";
import {
  createStandardRawEventIngressMonitor,
  readChannelIngressStoreAllowFromForDmPolicy,
} from "../../src/plugin-sdk/channel-ingress-runtime.ts";
import { collectNestedChannelTtsAssignments } from "../../src/plugin-sdk/channel-secret-tts-runtime.ts";
import { createResolvedDirectoryEntriesLister } from "../../src/plugin-sdk/directory-config-runtime.ts";
import {
  listDirectoryGroupEntriesFromMapKeysAndAllowFrom,
  listDirectoryUserEntriesFromAllowFromAndMapKeys,
  resolveDirectoryAllowlistEntries,
} from "../../src/plugin-sdk/directory-runtime.ts";
import { normalizeGroupActivation, parseActivationCommand } from "../../src/plugin-sdk/group-activation.ts";
import { enqueueRoutedSystemEvent, enqueueSystemEvent } from "../../src/plugin-sdk/system-event-runtime.ts";
import { resolveTargetsWithOptionalToken } from "../../src/plugin-sdk/target-resolver-runtime.ts";
import { findCodeRegions } from "../../src/plugin-sdk/text-chunking.ts";
import { formatZonedTimestamp } from "../../src/plugin-sdk/time-runtime.ts";
import { stripPlainTextToolCallBlocks } from "../../src/plugin-sdk/tool-payload.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { SystemEvents } from "../../src/runtime/agent/index.ts";
import { systemNamespace } from "../../src/runtime/system/index.ts";
import { openChannels, testPlatform } from "../channels/support.ts";
import { hooksOf } from "../runtime/agent/support.ts";
import { openTestStore } from "../store/support/core-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function host(runtime: object) {
  const announced = announceSdkHost(() => runtime as unknown as PluginRuntime, hooksOf());
  onTestFinished(() => void announced.dispose());
}

describe("people and groups of a channel", () => {
  const ids = (entries: { id: string }[]) => entries.map(({ id }) => id);

  it("come from allowlists and settings, each in its own spelling, once", () => {
    expect(
      ids(
        listDirectoryUserEntriesFromAllowFromAndMapKeys({
          allowFrom: ["chat:a", "*", "b"],
          map: { B: {}, c: {} },
          normalizeAllowFromId: (entry) => entry.replace("chat:", ""),
          normalizeMapKeyId: (key) => key.toLowerCase(),
        }),
      ),
    ).toEqual(["a", "b", "c"]);
    const groups = { groups: { g1: {}, "*": {} }, allowFrom: ["g2", "g1"], query: "2" };
    expect(ids(listDirectoryGroupEntriesFromMapKeysAndAllowFrom(groups))).toEqual(["g2"]);
  });

  it("can be listed by account", async () => {
    const list = createResolvedDirectoryEntriesLister({
      kind: "user",
      resolveAccount: (_cfg, accountId) => ({ people: [`${accountId}-ada`] }),
      resolveSources: ({ people }) => [people],
      normalizeId: (entry) => entry,
    });
    expect(await list({ cfg: {}, accountId: "work" })).toEqual([{ kind: "user", id: "work-ada" }]);
  });

  it("configured names are found in the platform's list, by id or otherwise", () => {
    const lookup = [{ id: "U1", name: "ada" }];
    const found = resolveDirectoryAllowlistEntries({
      entries: ["U1", "U9", "ada", "eve"],
      lookup,
      parseInput: (input): { id?: string; name?: string } =>
        /^U\d$/.test(input) ? { id: input } : { name: input },
      findById: (list, id) => list.find((entry) => entry.id === id),
      buildIdResolved: ({ parsed, match }) => `${parsed.id}=${match?.name ?? "?"}`,
      resolveNonId: ({ parsed, lookup: list }) => list.find(({ name }) => name === parsed.name)?.id,
      buildUnresolved: (input) => `${input}!`,
    });
    expect(found).toEqual(["U1=ada", "U9=?", "U1", "eve!"]);
  });

  it("are looked up only with a token", async () => {
    const given = {
      inputs: ["ada"],
      missingTokenNote: "no token",
      resolveWithToken: async ({ token }: { token: string }) => [{ name: "ada", token }],
      mapResolved: ({ name, token }: { name: string; token: string }) => ({
        input: name,
        resolved: true,
        id: token,
      }),
    };
    expect(await resolveTargetsWithOptionalToken({ ...given, token: "" })).toEqual([
      { input: "ada", resolved: false, note: "no token" },
    ]);
    expect(await resolveTargetsWithOptionalToken({ ...given, token: "t" })).toEqual([
      { input: "ada", resolved: true, id: "t" },
    ]);
  });
});

describe("the running gateway, for plugins without an api", () => {
  it("takes system events and knows what was said already", () => {
    const systemEvents = new SystemEvents();
    const sessions = { key: (sessionKey: string) => ({ sessionKey }) };
    host({ system: systemNamespace({ systemEvents, sessions } as never, new RunningPrograms("test")) });
    expect(enqueueSystemEvent("hi", { sessionKey: "agent:main:x" })).toBe(true);
    expect(enqueueSystemEvent("hi", { sessionKey: "agent:main:x" })).toBe(false);
    const route = { sessionKey: "agent:main:y", agentId: "main" };
    expect(enqueueRoutedSystemEvent("pressed", route, { contextKey: "k" })).toBe(true);
    expect(systemEvents.drain("agent:main:y")).toContain("pressed");
  });

  it("notes activity and knows the paired senders, who count under pairing only", async () => {
    const room = await openChannels({ platforms: [testPlatform()] });
    const channel = room.channels.runtime;
    recordChannelActivity({ channel: "memo", direction: "inbound" });
    host({ channel });
    recordChannelActivity({ channel: "memo", direction: "outbound", at: 5 });
    const activity = channel["activity"] as { get(of: object): object };
    expect(activity.get({ channel: "memo" })).toEqual({ inboundAt: null, outboundAt: 5 });
    const now = Date.now();
    const request = { channel: "memo", accountId: "default", senderId: "ada" };
    await room.store.call.channelPairing.request({ ...request, code: "ABCD2345", now });
    const read = (dmPolicy: string) =>
      readChannelIngressStoreAllowFromForDmPolicy({ provider: "memo", dmPolicy });
    expect(await read("pairing")).toEqual([]);
    await room.store.call.channelPairing.approve({ channel: "memo", code: "ABCD2345", now } as never);
    expect(await read("pairing")).toEqual(["ada"]);
    expect(await read("allowlist")).toEqual([]);
  });
});

describe("a monitor of raw events", () => {
  it("keeps an event as the text it came as, and hands it over once", async () => {
    const store = await openTestStore();
    const queue = openIngressQueue<unknown>({ store, clock: systemClock }, { channel: "memo" });
    const stop = new AbortController();
    const delivered: object[] = [];
    const monitor = createStandardRawEventIngressMonitor<{ id: string }, unknown>({
      queue,
      inspect: (raw) => ({ eventId: raw.id, laneKey: "lane" }),
      payload: {
        serialize: (raw) => JSON.stringify(raw),
        deserialize: (body) => JSON.parse(body) as { id: string },
        createClaimError: (kind) => new Error(kind),
      },
      deliver: (raw) => void delivered.push(raw),
      pollIntervalMs: 60_000,
      abortSignal: stop.signal,
    });
    onTestFinished(() => monitor.stop());
    expect(await monitor.admit({ id: "e1" })).toMatchObject({ kind: "durable" });
    expect(await queue.listPending()).toMatchObject([{ payload: { version: 1, body: '{"id":"e1"}' } }]);
    monitor.start();
    await expect.poll(() => delivered).toEqual([{ id: "e1" }]);
    await monitor.waitForIdle();
    expect(await monitor.admit({ id: "e1" })).toMatchObject({ queueResult: { kind: "completed" } });
  });

  it("says of an event that comes in whether it is kept, wanted or wrong", async () => {
    const store = await openTestStore();
    const queue = openIngressQueue<unknown>({ store, clock: systemClock }, { channel: "memo" });
    const { receive, stop } = createStandardRawEventIngressMonitor<{ id?: string }, unknown>({
      queue,
      inspect: (raw) => {
        if (raw.id === "") throw new TypeError("it has no id");
        return raw.id === undefined ? null : { eventId: raw.id, laneKey: "lane" };
      },
      payload: {
        serialize: (raw) => JSON.stringify(raw),
        deserialize: (body) => JSON.parse(body) as { id: string },
        createClaimError: (kind) => new Error(kind),
      },
      deliver: () => {},
      pollIntervalMs: undefined,
      classifyAdmissionError: (error) => (error instanceof TypeError ? error.message : undefined),
    });
    onTestFinished(() => stop());
    expect(await receive({ id: "e1" })).toEqual({ kind: "durable" });
    expect(await receive({})).toEqual({ kind: "ignored" });
    expect(await receive({ id: "" })).toEqual({ kind: "invalid", message: "it has no id" });
    await stop();
    await expect(receive({ id: "e2" })).rejects.toThrow();
  });
});

describe("settings of a channel", () => {
  it("older private-message keys move, and what is stated there wins", () => {
    const changes: string[] = [];
    const run = (entry: Record<string, unknown>) =>
      normalizeLegacyDmAliases({ entry, pathPrefix: "channels.chat", changes });
    expect(run({ dm: { policy: "open", allowFrom: ["*"], enabled: true }, allowFrom: ["ada"] })).toEqual({
      entry: { dm: { enabled: true }, dmPolicy: "open", allowFrom: ["ada"] },
      changed: true,
    });
    expect(changes).toEqual([
      "Moved channels.chat.dm.policy to channels.chat.dmPolicy.",
      "Removed channels.chat.dm.allowFrom; channels.chat.allowFrom is set.",
    ]);
    expect(run({ dm: { policy: "open" } }).entry).toEqual({ dmPolicy: "open" });
    expect(run({ dm: { enabled: true } }).changed).toBe(false);
  });

  it("messages may change the configuration unless account, channel or default refuse", () => {
    const cfg = {
      channels: {
        defaults: { configWrites: false },
        chat: { accounts: { Work: { configWrites: true } } },
        memo: {},
      },
    };
    const ask = (channelId: string, accountId?: string) =>
      resolveChannelConfigWrites({ cfg, channelId, ...(accountId ? { accountId } : {}) });
    expect([ask("chat", "work"), ask("chat"), ask("memo")]).toEqual([true, false, false]);
    expect(resolveChannelConfigWrites({ cfg: {}, channelId: "chat" })).toBe(true);
  });

  it("voice providers' keys are secrets of the channel and of each account", () => {
    const ref = { source: "env", provider: "default", id: "VOICE_KEY" };
    const channel = { voice: { tts: { providers: { one: { apiKey: ref }, two: {} } } } };
    const account = { voice: { tts: { providers: { one: { apiKey: ref } } } } };
    const context = {
      assignments: [] as { path: string; ownerId?: string; apply(value: unknown): void }[],
      warnings: [],
    };
    collectNestedChannelTtsAssignments({
      channelKey: "chat",
      nestedKey: "voice",
      channel,
      surface: {
        hasExplicitAccounts: true,
        accounts: [{ accountId: "work", account, enabled: true }],
      } as never,
      context: context as never,
      topLevelActive: true,
      topInactiveReason: "off",
      accountActive: () => true,
      accountInactiveReason: "off",
      ownerId: ({ accountId, providerId }) => `${accountId}/${providerId}`,
    });
    expect(context.assignments.map(({ path, ownerId }) => [path, ownerId])).toEqual([
      ["channels.chat.voice.tts.providers.one.apiKey", "default/one"],
      ["channels.chat.accounts.work.voice.tts.providers.one.apiKey", "work/one"],
    ]);
    context.assignments[1]?.apply("k");
    expect(account.voice.tts.providers.one.apiKey).toBe("k");
  });
});

describe("small readers", () => {
  it("a group's activation is a word, or a command that asks", () => {
    expect([" Always ", "mention", "never", null].map(normalizeGroupActivation)).toEqual([
      "always",
      "mention",
      undefined,
      undefined,
    ]);
    expect(parseActivationCommand("/activation: always")).toEqual({ hasCommand: true, mode: "always" });
    expect(parseActivationCommand("/activation what")).toEqual({ hasCommand: true });
    expect(parseActivationCommand("/activationalways")).toEqual({ hasCommand: false });
  });

  it("an instant is told in its zone", () => {
    const date = new Date(Date.UTC(2026, 0, 2, 15, 4, 5));
    expect(formatZonedTimestamp(date, { timeZone: "UTC", displaySeconds: true })).toBe(
      "2026-01-02 15:04:05 UTC",
    );
    expect(formatZonedTimestamp(date, { timeZone: "Asia/Tokyo" })).toMatch(/^2026-01-03 00:04 /);
    expect(formatZonedTimestamp(date, { timeZone: "No/Where" })).toBeUndefined();
    expect(formatZonedTimestamp(new Date(Number.NaN))).toBeUndefined();
  });

  it("tool calls written as text go with their arguments; code and ordinary brackets stay", () => {
    const strip = (text: string) =>
      stripPlainTextToolCallBlocks(text, { resolveProtectedRanges: findCodeRegions });
    expect(strip('before\n[tool:exec] {"command": "echo }\\""} [/tool]\nafter')).toBe("before\n\nafter");
    expect(strip('[TOOL_CALLS][{"name":"x","arguments":{}}] done')).toBe(" done");
    expect(strip('<|tool_call|>{"name":"x"}<|/tool_call|>ok')).toBe("ok");
    const kept = ['```\n[tool:exec] {"a":1}\n```', "[tool: a hammer]", "[link](x)"];
    for (const text of kept) expect(strip(text)).toBe(text);
  });

  it("an image is shown to the model, another file is not; contents in the address are refused", async () => {
    const folder = await temporaryFolder();
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    await writeFile(join(folder, "a.png"), png);
    await writeFile(join(folder, "a.txt"), "text");
    const result = await imageResultFromFile({
      label: "x",
      path: join(folder, "a.png"),
      details: { fileId: "7" },
    });
    expect(result.content[1]).toEqual({ type: "image", data: png.toString("base64"), mimeType: "image/png" });
    expect(result.details).toMatchObject({ fileId: "7" });
    await expect(imageResultFromFile({ label: "x", path: join(folder, "a.txt") })).rejects.toThrow(
      "a.txt is no image",
    );
    expect(() => assertMediaNotDataUrl("data:image/png;base64,AA")).toThrow("not supported");
    expect(() => assertMediaNotDataUrl("/tmp/a.png")).not.toThrow();
  });
});
