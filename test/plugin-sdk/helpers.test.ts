import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { buildDmGroupAccountAllowlistAdapter } from "../../src/plugin-sdk/allowlist-config-edit.ts";
import { createApproverRestrictedNativeApprovalCapabilityFromForwardingRoutes } from "../../src/plugin-sdk/approval-delivery-runtime.ts";
import { createLazyChannelApprovalNativeRuntimeAdapter } from "../../src/plugin-sdk/approval-handler-adapter-runtime.ts";
import { createNativeApprovalControlRegistry } from "../../src/plugin-sdk/approval-runtime.ts";
import {
  DmPolicySchema,
  GroupPolicySchema,
  MarkdownConfigSchema,
} from "../../src/plugin-sdk/channel-config-schema.ts";
import { resolveSenderCommandAuthorization } from "../../src/plugin-sdk/command-auth.ts";
import { withFileLock } from "../../src/plugin-sdk/file-lock.ts";
import { detectMime } from "../../src/plugin-sdk/media-mime.ts";
import { normalizePollInput } from "../../src/plugin-sdk/poll-runtime.ts";
import { createDelegatedSetupWizardProxy } from "../../src/plugin-sdk/setup.ts";
import { buildHostnameAllowlistPolicyFromSuffixAllowlist } from "../../src/plugin-sdk/ssrf-runtime.ts";
import { asOptionalObjectRecord } from "../../src/plugin-sdk/string-coerce-runtime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("schemas of common channel settings", () => {
  it("[F014] compose with a plugin's own zod schemas and become JSON Schema", () => {
    const schema = z.strictObject({
      dmPolicy: DmPolicySchema.optional().default("pairing"),
      groupPolicy: GroupPolicySchema.optional(),
      markdown: MarkdownConfigSchema,
      port: z.number().int(),
    });
    expect(schema.parse({ port: 1 })).toMatchObject({ dmPolicy: "pairing", port: 1 });
    expect(schema.safeParse({ port: 1, dmPolicy: "everyone" }).success).toBe(false);
    expect(z.toJSONSchema(schema, { io: "input" })).toMatchObject({ type: "object" });
  });
});

describe("the allow-list adapter of a channel", () => {
  const adapter = buildDmGroupAccountAllowlistAdapter<{ allowFrom?: string[] }>({
    channelId: "chat",
    resolveAccount: ({ cfg }) => (cfg as { channels: { chat: object } }).channels.chat,
    normalize: ({ values }) => values.map((value) => String(value).trim().toLowerCase()).filter(Boolean),
    resolveDmAllowFrom: (account) => account.allowFrom,
    resolveGroupAllowFrom: () => [],
  });
  const edit = (parsedConfig: Record<string, unknown>, change: object) =>
    adapter.applyConfigEdit({
      cfg: {},
      parsedConfig,
      scope: "dm",
      action: "add",
      entry: "Ada",
      ...change,
    });

  it("adds and takes away entries where the account keeps them, and says whether that changed anything", () => {
    const config: Record<string, unknown> = { channels: { chat: { accounts: { work: {} } } } };
    expect(edit(config, {})).toEqual({
      kind: "ok",
      changed: true,
      pathLabel: "channels.chat.allowFrom",
      writeTarget: { kind: "channel", scope: { channelId: "chat" } },
    });
    expect(edit(config, { entry: " ADA " })).toMatchObject({ changed: false });
    expect(edit(config, { accountId: "work", scope: "group" })).toMatchObject({
      pathLabel: "channels.chat.accounts.work.groupAllowFrom",
    });
    expect(config).toEqual({
      channels: { chat: { allowFrom: ["ada"], accounts: { work: { groupAllowFrom: ["ada"] } } } },
    });
    expect(edit(config, { action: "remove" })).toMatchObject({ changed: true });
    expect(config).toEqual({ channels: { chat: { accounts: { work: { groupAllowFrom: ["ada"] } } } } });
    expect(edit(config, { entry: "  " })).toEqual({ kind: "invalid-entry" });
  });

  it("leaves prototypes alone", () => {
    const config: Record<string, unknown> = {};
    edit(config, { accountId: "__proto__" });
    expect(({} as { allowFrom?: unknown }).allowFrom).toBeUndefined();
  });
});

describe("native approvals of a channel", () => {
  const cfg = {
    approvals: { exec: { enabled: true, mode: "both", targets: [{ channel: "chat", to: "Ops" }] } },
  };
  const { capability } = createApproverRestrictedNativeApprovalCapabilityFromForwardingRoutes({
    channel: "chat",
    channelLabel: "Chat",
    authorizeActorAction: () => ({ authorized: true }),
    routing: {
      defaultForwardingMode: "session",
      isTransportEnabled: () => true,
      listAccountIds: () => ["default"],
      resolveDefaultAccountId: () => "default",
      normalizeTo: (to) => to.toLowerCase(),
      resolveApprovers: () => ["Ada"],
    },
  });
  const from = (turnSourceChannel: string) => ({
    id: "1",
    request: { turnSourceChannel, turnSourceTo: "Room", turnSourceAccountId: "default" },
  });

  it("go to where they were asked and to the approvers, and no text repeats them there", async () => {
    const request = from("chat");
    const input = { cfg, approvalKind: "exec" as const, request };
    expect(await capability.native?.resolveOriginTarget?.(input)).toMatchObject({ to: "room" });
    expect(await capability.native?.resolveApproverDmTargets?.(input)).toEqual([{ to: "ada" }]);
    const repeats = capability.delivery?.shouldSuppressForwardingFallback;
    expect(repeats?.({ ...input, target: { channel: "chat", to: "ROOM" } })).toBe(true);
    expect(repeats?.({ ...input, target: { channel: "chat", to: "elsewhere" } })).toBe(false);
    expect(repeats?.({ ...input, target: { channel: "other", to: "room" } })).toBe(false);
    expect(await capability.native?.resolveOriginTarget?.({ ...input, request: from("other") })).toBeNull();
  });

  it("load their heavy part when the first is shown", async () => {
    let loaded = 0;
    const adapter = createLazyChannelApprovalNativeRuntimeAdapter({
      isConfigured: () => true,
      shouldHandle: () => true,
      load: async () => ({
        availability: { isConfigured: () => true, shouldHandle: () => true },
        presentation: { buildPendingPayload: (view: string) => `payload of ${view}`, count: ++loaded },
        transport: {},
      }),
    });
    expect(adapter.availability.isConfigured({ cfg: {} })).toBe(true);
    expect(loaded).toBe(0);
    const presentation = adapter.presentation as { buildPendingPayload(view: string): Promise<string> };
    expect(await presentation.buildPendingPayload("x")).toBe("payload of x");
    await presentation.buildPendingPayload("y");
    expect(loaded).toBe(1);
  });
});

describe("approval buttons", () => {
  it("decide once, may be tried again after a failure, and expire", async () => {
    const done: string[] = [];
    const controls = createNativeApprovalControlRegistry<{ token: string; expiresAtMs: number }>({
      releaseClaimOnLookupExpiry: false,
      onComplete: ({ token }) => done.push(token),
    });
    const token = controls.createToken();
    expect(controls.register({ token, expiresAtMs: Date.now() - 1 })).toBe(false);
    expect(controls.register({ token, expiresAtMs: Date.now() + 60_000 })).toBe(true);
    const broken = controls.settle(token, () => Promise.reject(new Error("offline")));
    expect(await controls.settle(token, async () => 1)).toEqual({ kind: "in-flight" });
    await expect(broken).rejects.toThrow("offline");
    expect(await controls.settle(token, async () => 2)).toMatchObject({ kind: "settled", result: 2 });
    expect(await controls.settle(token, async () => 3)).toEqual({ kind: "missing" });
    expect(done).toEqual([token]);
  });
});

describe("small helpers", () => {
  it("count approved senders for commands under pairing only", async () => {
    const ask = (dmPolicy: string) =>
      resolveSenderCommandAuthorization({
        cfg: {},
        rawBody: "/status",
        isGroup: false,
        dmPolicy,
        configuredAllowFrom: [],
        senderId: "ada",
        isSenderAllowed: (id, list) => list.includes(id),
        readAllowFromStore: async () => ["ada"],
        shouldComputeCommandAuthorized: () => true,
      });
    expect((await ask("pairing")).commandAuthorized).toBe(true);
    expect((await ask("allowlist")).commandAuthorized).toBe(false);
  });

  it("refuse polls that nobody can show", () => {
    const poll = { question: " Tea? ", options: ["yes", " no ", ""] };
    expect(normalizePollInput(poll)).toEqual({ question: "Tea?", options: ["yes", "no"], maxSelections: 1 });
    expect(() => normalizePollInput({ ...poll, options: ["yes"] })).toThrow("two options");
    expect(() => normalizePollInput({ ...poll, maxSelections: 3 })).toThrow("between 1 and 2");
  });

  it("tell a file's type by its bytes, then its name, then what a server said", async () => {
    const png = Buffer.from("89504e470d0a1a0a", "hex");
    expect(await detectMime({ buffer: png, filePath: "x.txt" })).toBe("image/png");
    expect(await detectMime({ filePath: "x.pdf", headerMime: "text/html" })).toBe("application/pdf");
    expect(await detectMime({ headerMime: "Text/HTML; charset=utf-8" })).toBe("text/html");
  });

  it("allow a host suffix and what lies below it", () => {
    expect(buildHostnameAllowlistPolicyFromSuffixAllowlist(["*.Example.com", "example.com"])).toEqual({
      hostnameAllowlist: ["example.com", "*.example.com"],
    });
    expect(buildHostnameAllowlistPolicyFromSuffixAllowlist(["*"])).toBeUndefined();
  });

  it("let one process at a time into a locked file, and outlive a lock left behind", async () => {
    const file = join(await temporaryFolder(), "data.json");
    const retries = { retries: 200, factor: 1, minTimeout: 2, maxTimeout: 2 };
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(file, { retries, stale: 60_000 }, work)));
    expect(most).toBe(1);
    await expect(stat(`${file}.lock`)).rejects.toThrow("ENOENT");
    const brief = { retries: { ...retries, retries: 0 }, stale: 60_000 };
    await withFileLock(file, brief, async () => {
      expect(await readFile(`${file}.lock`, "utf8")).toContain(String(process.pid));
      await expect(withFileLock(file, brief, work)).rejects.toMatchObject({ code: "file_lock_timeout" });
    });
  });

  it("ask the wizard that is loaded only when someone sets the channel up", async () => {
    let loads = 0;
    const wizard = createDelegatedSetupWizardProxy({
      channel: "chat",
      status: { configuredLabel: "ready" },
      loadWizard: async () => {
        loads++;
        return { status: { resolveConfigured: () => true }, finalize: () => "done" };
      },
      delegateFinalize: true,
    }) as {
      status: { configuredLabel: string; resolveConfigured(): Promise<boolean> };
      finalize(): Promise<string>;
    };
    expect([wizard.status.configuredLabel, loads]).toEqual(["ready", 0]);
    expect(await wizard.status.resolveConfigured()).toBe(true);
    expect(await wizard.finalize()).toBe("done");
    expect("prepare" in wizard).toBe(false);
  });
});

it("an optional object is any object, lists included, and nothing else", () => {
  expect([{}, [1], null, "x", undefined].map(asOptionalObjectRecord)).toEqual([
    {},
    [1],
    undefined,
    undefined,
    undefined,
  ]);
});
