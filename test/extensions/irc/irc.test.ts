import IRC from "irc-framework";
import { describe, expect, onTestFinished, test } from "vitest";
import { createIrcChannel } from "../../../extensions/irc/src/channel.ts";
import { missingNgircd, RawIrcClient, startNgircd } from "../../../scripts/support/irc-server.mjs";
import type { ChannelPlugin } from "../../../src/contracts/channel.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { type ChannelRoom, openChannels, type TestPlatform } from "../../channels/support.ts";
import type { Script } from "../../runtime/agent/support.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const missing = missingNgircd();
if (missing) console.warn(`SKIPPED against the real server: ${missing}`);

interface Network {
  port: number;
  room: ChannelRoom;
  stopServer(): Promise<void>;
  client(nick: string): Promise<RawIrcClient>;
}

async function network(
  settings: object,
  options: { config?: SluiceConfig; script?: Script } = {},
): Promise<Network> {
  const server = await startNgircd(await temporaryFolder("sluice-irc-"));
  onTestFinished(server.stop);
  const irc: TestPlatform = {
    plugin: createIrcChannel() as ChannelPlugin,
    sent: [],
    starts: [],
    onSend() {},
  };
  const room = await openChannels({
    platforms: [irc],
    config: {
      ...options.config,
      channels: { irc: { host: "127.0.0.1", port: server.port, nick: "sluice", ...settings } },
    },
    ...(options.script ? { script: options.script } : {}),
  });
  await connected(room);
  return {
    port: server.port,
    room,
    stopServer: server.stop,
    async client(nick) {
      const client = await RawIrcClient.connect(server.port, nick);
      onTestFinished(() => client.close());
      return client;
    },
  };
}

async function connected(room: ChannelRoom): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (room.channels.status()[0]?.accounts[0]?.connected) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the bot did not connect: ${JSON.stringify(room.channels.status())}`);
}

const openToAll = { dmPolicy: "open", allowFrom: ["*"] };

describe.skipIf(missing !== undefined)("IRC against a real ngircd", () => {
  test("a line typed in irc-framework to the bot's nick is answered", async () => {
    const { port } = await network(openToAll);
    const client = new IRC.Client();
    onTestFinished(() => client.quit());
    const answer = await new Promise<string>((resolve) => {
      client.on("registered", () => client.say("sluice", "hello there"));
      client.on("privmsg", (event: { nick: string; message: string }) => {
        if (event.nick === "sluice") resolve(event.message);
      });
      client.connect({ host: "127.0.0.1", port, nick: "ada", auto_reconnect: false });
    });
    expect(answer).toBe("re: hello there");
  });

  test("three lines of configuration answer a mention in a channel, and nothing else there", async () => {
    const { client, room } = await network({ channels: ["#lobby"] });
    const ada = await client("ada");
    ada.write("JOIN #lobby");
    await ada.until((line) => / 366 ada #lobby /.test(line));
    ada.write("PRIVMSG #lobby :nobody in particular");
    ada.write("PRIVMSG #lobby :sluicegate is not the bot");
    ada.write("PRIVMSG #lobby :sluice: what did I say?");
    await ada.until((line) => line.endsWith("what did I say?"));
    const heard = ada.heard("sluice").join("\n");
    expect(heard).toContain("Chat messages since your last reply");
    expect(heard).toContain("ada: nobody in particular");
    const rows = await room.store.call.inbox.list({});
    expect(rows.map((row) => row.reason)).toEqual([undefined, "not-mentioned", "not-mentioned"]);
  });

  test("a stranger gets a pairing code, is approved, and is told so", async () => {
    const { client, room } = await network({});
    const eve = await client("eve");
    eve.write("PRIVMSG sluice :let me in");
    const line = await eve.until((text) => text.includes("Pairing code:"));
    const code = /Pairing code: (\S{8})/.exec(line)?.[1] as string;
    await room.channels.approvePairing({ channel: "irc", code });
    await eve.until((text) => text.includes("You are approved"));
    eve.write("PRIVMSG sluice :thanks");
    await eve.until((text) => text.endsWith(":re: thanks"));
  });

  test("allowlist admits the mask it names and no other; disabled admits nobody", async () => {
    const { client, room } = await network({ dmPolicy: "allowlist", allowFrom: ["Ada!~ada@127.0.0.1"] });
    const [ada, eve] = [await client("ada"), await client("eve")];
    eve.write("PRIVMSG sluice :hi");
    ada.write("PRIVMSG sluice :hi");
    await ada.until((line) => line.endsWith(":re: hi"));
    await room.settled();
    expect(eve.heard("sluice")).toEqual([]);
    room.config.set({
      channels: { irc: { host: "127.0.0.1", nick: "sluice", dmPolicy: "disabled", allowFrom: ["*"] } },
    });
    ada.write("PRIVMSG sluice :again");
    for (let tries = 0; (await room.store.call.inbox.list({})).length < 3 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await room.settled();
    expect((await room.store.call.inbox.list({}))[0]).toMatchObject({ reason: "dm_policy_disabled" });
  });

  test("a bare nick in an allowlist counts only where that is said to be dangerous", async () => {
    const { client, room } = await network({ dmPolicy: "allowlist", allowFrom: ["ada"] });
    const ada = await client("ada");
    ada.write("PRIVMSG sluice :one");
    for (let tries = 0; (await room.store.call.inbox.list({})).length < 1 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await room.settled();
    expect((await room.store.call.inbox.list({}))[0]?.reason).toBe("dm_policy_not_allowlisted");
  });

  test("a long answer arrives whole, in lines the server does not cut", async () => {
    const long = Array.from({ length: 120 }, (_, index) => `wörd${index}`).join(" ");
    const { client } = await network(
      { ...openToAll, flood: { burst: 100, intervalMs: 0 } },
      { script: () => answer(`${long} end.`) },
    );
    const ada = await client("ada");
    ada.write("PRIVMSG sluice :talk");
    await ada.until((line) => line.endsWith("end."));
    expect(ada.heard("sluice").join(" ")).toBe(`${long} end.`);
    for (const line of ada.lines) expect(Buffer.byteLength(line) + 2).toBeLessThanOrEqual(512);
  });

  test("a taken nick gets a tail, and the bot answers under it", async () => {
    const server = await startNgircd(await temporaryFolder("sluice-irc-"));
    onTestFinished(server.stop);
    const squatter = await RawIrcClient.connect(server.port, "sluice");
    onTestFinished(() => squatter.close());
    const irc: TestPlatform = {
      plugin: createIrcChannel() as ChannelPlugin,
      sent: [],
      starts: [],
      onSend() {},
    };
    const room = await openChannels({
      platforms: [irc],
      config: { channels: { irc: { host: "127.0.0.1", port: server.port, nick: "sluice", ...openToAll } } },
    });
    await connected(room);
    squatter.write("PRIVMSG sluice_ :hi");
    await squatter.until((line) => line.endsWith(":re: hi"));
  });

  test("messages wait while the server is away and go out when it is back", async () => {
    const folder = await temporaryFolder("sluice-irc-");
    const first = await startNgircd(folder);
    const irc: TestPlatform = {
      plugin: createIrcChannel() as ChannelPlugin,
      sent: [],
      starts: [],
      onSend() {},
    };
    const room = await openChannels({
      platforms: [irc],
      config: { channels: { irc: { host: "127.0.0.1", port: first.port, nick: "sluice", ...openToAll } } },
    });
    await connected(room);
    await first.stop();
    for (let tries = 0; room.channels.status()[0]?.accounts[0]?.connected && tries < 300; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { outboxId } = await room.channels.send({
      channel: "irc",
      to: "ada",
      text: "patience",
      idempotencyKey: "p",
    });
    expect((await room.store.call.outbox.explain({ outboxId }))?.attempts).toBe(0);
    const second = await startNgircd(folder, { port: first.port });
    onTestFinished(second.stop);
    const ada = await RawIrcClient.connect(second.port, "ada");
    onTestFinished(() => ada.close());
    await ada.until((line) => line.endsWith(":patience"), 10_000);
  });
});

function answer(text: string): ReturnType<Script> {
  return {
    role: "assistant",
    content: [{ type: "text", text }],
    api: "test",
    provider: "scripted",
    model: "one",
    usage: {
      input: 1,
      output: 1,
      cacheRead: 0,
      cacheWrite: 0,
      totalTokens: 2,
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
    },
    stopReason: "stop",
    timestamp: 1,
  };
}
