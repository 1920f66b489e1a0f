import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import {
  createInternalHookEvent,
  deriveInboundMessageHookContext,
  fireAndForgetBoundedHook,
  toInternalMessageReceivedContext,
  toInternalMessageSentContext,
  toPluginMessageReceivedEvent,
  triggerInternalHook,
} from "../../src/plugin-sdk/hook-runtime.ts";
import { REPEAT_WINDOW_MS } from "../../src/plugins/hooks/legacy-events.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import { testGateway } from "../gateway/support/gateway.ts";
import { WireClient } from "../gateway/support/wire-client.ts";
import { pluginBench } from "../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function listening(register: string) {
  const bench = await pluginBench({ plugins: { entries: { ear: { config: { volume: 3 } } } } });
  await bench.write("global", "ear", { register });
  await bench.host.start();
  const announced = announceSdkHost(() => ({}) as PluginRuntime, bench.host.hooks);
  onTestFinished(() => void announced.dispose());
  return bench;
}

const heard: unknown[] = [];
(globalThis as Record<string, unknown>)["heardEvents"] = heard;
const HEAR = "(event) => { globalThis.heardEvents.push(event); event.messages.push('heard'); }";

describe("internal hook events", () => {
  it("[F067] reach the handlers of api.registerHook with the plugin's settings, and bring their replies back", async () => {
    heard.length = 0;
    await listening(`api.registerHook("message:received", ${HEAR}, { name: "ear" });`);
    const event = createInternalHookEvent("message", "received", "agent:main:x", { content: "hi" });
    await triggerInternalHook(event);
    await triggerInternalHook(createInternalHookEvent("message", "sent", "agent:main:x"));
    expect(heard).toMatchObject([
      { type: "message", action: "received", sessionKey: "agent:main:x", context: { content: "hi" } },
    ]);
    expect((heard[0] as { context: object }).context).toHaveProperty("pluginConfig");
    expect(event.messages).toEqual(["heard"]);
  });

  it("nobody hears them in a process without a gateway", async () => {
    const event = createInternalHookEvent("command", "new", "s");
    await triggerInternalHook(event);
    expect(event.messages).toEqual([]);
  });

  it("one platform message is announced once, whoever announces it first", async () => {
    heard.length = 0;
    const bench = await listening(`api.registerHook("message", ${HEAR}, { name: "ear" });`);
    const context = { channelId: "chat", conversationId: "room", messageId: "m1" };
    await bench.host.hooks.run("message_sent", { to: "room", content: "x", messageId: "m1" }, context);
    await triggerInternalHook(createInternalHookEvent("message", "sent", "s", context));
    expect(heard).toHaveLength(1);
    await triggerInternalHook(createInternalHookEvent("message", "received", "s", context));
    expect(heard).toHaveLength(2);
    await bench.clock.advance(REPEAT_WINDOW_MS);
    await triggerInternalHook(createInternalHookEvent("message", "sent", "s", context));
    expect(heard).toHaveLength(3);
  });

  it("go with the typed hooks of messages, compaction and start-up", async () => {
    heard.length = 0;
    const bench = await listening(
      `api.registerHook(["message", "session", "gateway"], ${HEAR}, { name: "ear" });`,
    );
    const { hooks } = bench.host;
    expect(hooks.has("message_received")).toBe(true);
    expect(hooks.has("session_start")).toBe(false);
    await hooks.run("message_received", { from: "ada", content: "hi", sessionKey: "s" }, { channelId: "c" });
    await hooks.run("before_compaction", {}, { sessionKey: "s" });
    await hooks.run("gateway_start", { port: 1 }, { config: { a: 1 } });
    expect(heard).toMatchObject([
      { action: "received", sessionKey: "s", context: { from: "ada", channelId: "c" } },
      { action: "compact:before" },
      { action: "startup", context: { port: 1, cfg: { a: 1 } } },
    ]);
  });

  it("[F067] /new and /reset tell command:* first, and the replies are part of the confirmation", async () => {
    const stateDir = await temporaryFolder();
    const folder = join(stateDir, "plugins", "ear");
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, "openclaw.plugin.json"),
      JSON.stringify({ id: "ear", activation: { onStartup: true }, configSchema: { type: "object" } }),
    );
    await writeFile(
      join(folder, "package.json"),
      JSON.stringify({ name: "ear", version: "1.0.0", openclaw: { extensions: ["./index.mjs"] } }),
    );
    await writeFile(
      join(folder, "index.mjs"),
      `export default { id: "ear", register(api) {
         api.registerHook("command", (event) => event.messages.push("noted " + event.action), { name: "ear" });
         api.registerHook("gateway:startup", () => { globalThis.sawStartup = true; }, { name: "start" });
       } };`,
    );
    await writeFile(
      join(stateDir, "sluice.json"),
      JSON.stringify({ plugins: { load: { paths: [folder] }, entries: { ear: { enabled: true } } } }),
    );
    const gateway = await testGateway({ stateDir });
    const client = await WireClient.open(gateway.url, {
      scopes: ["operator.read", "operator.write", "operator.admin"],
      auth: { token: gateway.token },
    });
    const send = (message: string) =>
      client.call("chat.send", { sessionKey: "main", message, idempotencyKey: message });
    await send("/new");
    const said = await client.next(({ event, payload }) => event === "chat" && payload.state === "final");
    expect(JSON.stringify(said.payload)).toContain("noted new");
    expect((globalThis as Record<string, unknown>)["sawStartup"]).toBe(true);
    await send("/reset");
    const again = await client.next(
      ({ event, payload }) => event === "chat" && payload.state === "final" && payload.runId === "/reset",
    );
    expect(JSON.stringify(again.payload)).toContain("noted reset");
  });
});

describe("facts of an inbound message", () => {
  const facts = deriveInboundMessageHookContext({
    From: "chat:room",
    To: "chat:bot",
    OriginatingTo: "chat:room",
    Provider: "Chat",
    AccountId: "default",
    SessionKey: "agent:main:chat:group:room",
    MessageSid: "7",
    SenderId: "ada",
    SenderName: "Ada",
    ChatType: "group",
    Body: "[Chat room] hi",
    RawBody: "hi",
    Timestamp: 5,
  });

  it("come from the turn's context", () => {
    expect(facts).toMatchObject({
      from: "chat:room",
      content: "hi",
      channelId: "chat",
      conversationId: "chat:room",
      messageId: "7",
      isGroup: true,
      groupId: "chat:room",
    });
  });

  it("become the typed event and the context of the colon event", () => {
    expect(toPluginMessageReceivedEvent(facts)).toMatchObject({
      from: "chat:room",
      content: "hi",
      messageId: "7",
      senderId: "ada",
      metadata: { provider: "Chat", senderName: "Ada" },
    });
    expect(toInternalMessageReceivedContext(facts)).toMatchObject({
      channelId: "chat",
      timestamp: 5,
      metadata: { senderId: "ada" },
    });
    const sent = { to: "x", content: "y", success: false, error: "no", channelId: "chat", extra: 1 };
    expect(toInternalMessageSentContext(sent)).toEqual({
      to: "x",
      content: "y",
      success: false,
      error: "no",
      channelId: "chat",
    });
  });
});

describe("a bounded hook", () => {
  it("runs a few at once, lets a few wait and drops the rest with a line", async () => {
    const started: number[] = [];
    const dropped: string[] = [];
    const ends: (() => void)[] = [];
    for (let index = 0; index < 4; index++) {
      const task = () => {
        started.push(index);
        return new Promise<void>((resolve) => ends.push(resolve));
      };
      fireAndForgetBoundedHook(task, "ear", (line) => dropped.push(line), { maxConcurrency: 1, maxQueue: 2 });
    }
    await Promise.resolve();
    expect([started, dropped]).toEqual([[0], ["ear: dropped, too many are waiting"]]);
    for (let index = 0; index < 3; index++) {
      await expect.poll(() => ends.length).toBe(index + 1);
      ends[index]?.();
    }
    expect(started).toEqual([0, 1, 2]);
  });

  it("gives its place away after the time limit", async () => {
    const lines: string[] = [];
    fireAndForgetBoundedHook(
      () => new Promise(() => {}),
      "slow",
      (line) => lines.push(line),
      { timeoutMs: 5 },
    );
    await expect.poll(() => lines).toEqual([expect.stringContaining("timed out after 5ms")]);
  });
});
