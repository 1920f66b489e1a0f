import { expect, onTestFinished, test } from "vitest";
// @ts-expect-error a plain script without declarations
import { GatewayClient } from "../../../scripts/crash-loop/gateway-client.mjs";
import { missingNgircd, RawIrcClient, startNgircd } from "../../../scripts/support/irc-server.mjs";
import { spawnGateway } from "../../support/spawned-gateway.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const missing = missingNgircd();
if (missing) console.warn(`SKIPPED the gateway on IRC: ${missing}`);

interface Client {
  call(method: string, params: object): Promise<Record<string, unknown>>;
  close(): void;
}

test.skipIf(missing !== undefined)(
  "a gateway as users start it, with three lines of IRC settings, answers in a channel and pairs in private",
  async () => {
    const server = await startNgircd(await temporaryFolder("sluice-irc-"));
    onTestFinished(server.stop);
    const gateway = await spawnGateway({
      config: {
        channels: { irc: { host: "127.0.0.1", port: server.port, nick: "sluice", channels: ["#lobby"] } },
      },
    });
    onTestFinished(() => gateway.dispose());
    const ada = await RawIrcClient.connect(server.port, "ada");
    onTestFinished(() => ada.close());
    ada.write("JOIN #lobby");
    await ada
      .until((line) => /JOIN :?#lobby/.test(line) && line.startsWith(":sluice!"))
      .catch(async () => {
        // The bot was there first.
        await ada.until((line) => / 353 .*sluice/.test(line));
      });
    ada.write("PRIVMSG #lobby :sluice: hello from IRC");
    await ada.until((line) => /:sluice!\S+ PRIVMSG #lobby :.*hello from IRC/.test(line));

    ada.write("PRIVMSG sluice :may I?");
    const code = /Pairing code: (\S+)/.exec(await ada.until((line) => line.includes("Pairing code")))?.[1];
    const client: Client = await GatewayClient.open(gateway.port, gateway.token);
    onTestFinished(() => client.close());
    const listed = await client.call("channels.pairing.list", {});
    expect(listed["requests"]).toMatchObject([{ requestId: code, channel: "irc", senderLabel: "ada" }]);
    const approved = await client.call("channels.pairing.approve", { channel: "irc", code });
    expect(approved).toMatchObject({ senderId: "ada!~ada@127.0.0.1", notification: "sent" });
    await expect(client.call("channels.pairing.approve", { channel: "irc", code })).rejects.toThrow(
      "INVALID_REQUEST",
    );

    const sent = await client.call("send", {
      to: "ada",
      channel: "irc",
      message: "by the way",
      idempotencyKey: "s1",
    });
    expect(sent).toMatchObject({ runId: "s1", channel: "irc" });
    await client.call("send", { to: "ada", channel: "irc", message: "by the way", idempotencyKey: "s1" });
    expect(ada.heard("sluice").filter((text) => text === "by the way")).toHaveLength(1);
    const status = await client.call("channels.status", {});
    expect(status["channelAccounts"]).toMatchObject({ irc: [{ accountId: "default", connected: true }] });
  },
  40_000,
);
