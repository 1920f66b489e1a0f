import { createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../../scripts/support/irc-server.mjs";
import { publishedPackages } from "./support/packages.ts";
import { channelReady, publishedGateway } from "./support/published-gateway.ts";

const available = await publishedPackages();
const SECRET = "the-bot-secret-of-this-test";

interface Sent {
  path: string;
  headers: IncomingHttpHeaders;
  body: { message: string; replyTo?: string };
}

/** The part of a Talk server that a bot speaks to: it checks the signature and takes the message. */
async function talkServer() {
  const sent: Sent[] = [];
  let wake = () => {};
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const body = JSON.parse(text) as Sent["body"];
      const random = String(request.headers["x-nextcloud-talk-bot-random"]);
      const signature = createHmac("sha256", SECRET)
        .update(random + body.message)
        .digest("hex");
      if (request.headers["x-nextcloud-talk-bot-signature"] !== signature) {
        response.writeHead(401).end();
        return;
      }
      sent.push({ path: request.url ?? "", headers: request.headers, body });
      response.writeHead(201, { "Content-Type": "application/json" });
      response.end(
        JSON.stringify({ ocs: { meta: { status: "ok" }, data: { id: sent.length, timestamp: 1 } } }),
      );
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    async received(count: number) {
      while (sent.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

function webhook(backend: string, text: string, id = "1", secret = SECRET) {
  const body = JSON.stringify({
    type: "Create",
    actor: { type: "Person", id: "users/ada", name: "Ada" },
    object: { type: "Note", id, name: "message", content: text, mediaType: "text/markdown" },
    target: { type: "Collection", id: "room1", name: "The room" },
  });
  const random = randomBytes(32).toString("hex");
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Nextcloud-Talk-Random": random,
      "X-Nextcloud-Talk-Signature": createHmac("sha256", secret)
        .update(random + body)
        .digest("hex"),
      "X-Nextcloud-Talk-Backend": `${backend}/`,
    },
    body,
  };
}

describe.skipIf(!available)(
  "@openclaw/nextcloud-talk, unmodified, against a server of its wire format",
  () => {
    it("answers a signed message in its room, once, and refuses a forged one", async () => {
      const talk = await talkServer();
      const webhookPort = await freePort();
      const gateway = await publishedGateway({
        package: "@openclaw/nextcloud-talk",
        id: "nextcloud-talk",
        config: {
          channels: {
            "nextcloud-talk": {
              baseUrl: talk.url,
              botSecret: SECRET,
              webhookPort,
              webhookHost: "127.0.0.1",
              webhookPath: "/nextcloud-talk-webhook",
              network: { dangerouslyAllowPrivateNetwork: true },
              dmPolicy: "open",
              allowFrom: ["*"],
              groupPolicy: "open",
              rooms: { room1: { requireMention: false } },
            },
          },
        },
      });
      await channelReady(gateway, "nextcloud-talk");
      const hook = `http://127.0.0.1:${webhookPort}/nextcloud-talk-webhook`;

      const forged = await fetch(hook, webhook(talk.url, "let me in", "0", "another secret"));
      expect(forged.status).toBe(401);
      const elsewhere = await fetch(hook, webhook("http://127.0.0.1:1", "from elsewhere", "0"));
      expect(elsewhere.status).toBe(401);

      const accepted = await fetch(hook, webhook(talk.url, "hello house", "100"));
      expect(accepted.status).toBe(200);
      expect(accepted.headers.get("x-openclaw-delivery-accepted")).toBe("durable");
      await talk.received(1);
      expect(talk.sent[0]).toMatchObject({
        path: "/ocs/v2.php/apps/spreed/api/v1/bot/room1/message",
        headers: { "ocs-apirequest": "true" },
        body: { message: expect.stringContaining("hello house") },
      });

      // The server repeats what it thinks was lost; a message is answered once.
      expect((await fetch(hook, webhook(talk.url, "hello house", "100"))).status).toBe(200);
      expect((await fetch(hook, webhook(talk.url, "second", "101"))).status).toBe(200);
      await talk.received(2);
      expect(talk.sent.map(({ body }) => body.message.includes("hello house"))).toEqual([true, false]);
    });
  },
);
