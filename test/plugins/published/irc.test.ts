import { describe, expect, it, onTestFinished } from "vitest";
import { missingNgircd, RawIrcClient, startNgircd } from "../../../scripts/support/irc-server.mjs";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { publishedPackages } from "./support/packages.ts";
import { channelReady, publishedGateway } from "./support/published-gateway.ts";

const missing = missingNgircd();
if (missing) console.warn(`SKIPPED against the real server: ${missing}`);
const available = missing === undefined && (await publishedPackages());

describe.skipIf(!available)("@openclaw/irc, unmodified, on a real ngircd", () => {
  it("carries a conversation in private and in a channel, and keeps quiet where it should", async () => {
    const server = await startNgircd(await temporaryFolder("sluice-published-irc-"));
    onTestFinished(server.stop);
    const gateway = await publishedGateway({
      package: "@openclaw/irc",
      id: "irc",
      config: {
        channels: {
          irc: {
            host: "127.0.0.1",
            port: server.port,
            tls: false,
            nick: "sluice",
            channels: ["#house"],
            dmPolicy: "open",
            allowFrom: ["*"],
            groupPolicy: "open",
            groups: { "#house": { requireMention: true } },
          },
        },
      },
    });
    await channelReady(gateway, "irc");
    const ada = await RawIrcClient.connect(server.port, "ada");
    onTestFinished(() => ada.close());

    ada.write("PRIVMSG sluice :hello there");
    await ada.until((line: string) => /^:sluice!\S+ PRIVMSG ada :.*You said: hello there/.test(line));

    ada.write("JOIN #house");
    await ada.until((line: string) => / 366 /.test(line));
    ada.write("PRIVMSG #house :nobody in particular");
    ada.write("PRIVMSG #house :sluice: are you in?");
    await ada.until((line: string) => /^:sluice!\S+ PRIVMSG #house :.*are you in\?/.test(line));
    ada.write("PRIVMSG sluice :and again");
    await ada.until((line: string) => /PRIVMSG ada :.*and again/.test(line));
    expect(ada.heard("sluice").filter((text: string) => text.includes("nobody in particular"))).toEqual([]);

    const inbox = await gateway.services.store.call.ingress.list({
      channel: "irc",
      accountId: "default",
      status: "pending",
    });
    expect(inbox).toEqual([]);
  });

  it("hands a stranger a pairing code once and lets the approved one in", async () => {
    const server = await startNgircd(await temporaryFolder("sluice-published-irc-"));
    onTestFinished(server.stop);
    const gateway = await publishedGateway({
      package: "@openclaw/irc",
      id: "irc",
      config: { channels: { irc: { host: "127.0.0.1", port: server.port, tls: false, nick: "sluice" } } },
    });
    await channelReady(gateway, "irc");
    const eve = await RawIrcClient.connect(server.port, "eve");
    onTestFinished(() => eve.close());
    eve.write("PRIVMSG sluice :let me in");
    const line = await eve.until((text: string) => /PRIVMSG eve :.*Pairing code: /.test(text));
    const code = /Pairing code: ([A-Z0-9]{8})/.exec(line)?.[1] as string;
    const approved = await gateway.services.channels.approvePairing({ channel: "irc", code });
    expect(approved).toMatchObject({ notification: "sent" });
    await eve.until((text: string) => /PRIVMSG eve :.*approved/i.test(text));
    eve.write("PRIVMSG sluice :now?");
    await eve.until((text: string) => /PRIVMSG eve :.*You said: now\?/.test(text));
    expect(eve.heard("sluice").filter((text: string) => text.includes("Pairing code"))).toHaveLength(1);
  });
});
