import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

export interface DingtalkRequest {
  /** Of the whole address. */
  host: string;
  path: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, field by field
  body: any;
}

const ROBOT_TOPIC = "/v1.0/im/bot/messages/get";

/**
 * DingTalk's stream gateway and its REST interface. The plugin asks fixed addresses, so this is the HTTP proxy
 * of the process as well: whatever goes to DingTalk arrives here.
 */
export async function dingtalkServer(app: { clientId: string; clientSecret: string }) {
  const requests: DingtalkRequest[] = [];
  const acknowledged: string[] = [];
  const sockets = new Set<WebSocket>();
  const wakers: (() => void)[] = [];
  const changed = () => {
    for (const wake of wakers.splice(0)) wake();
  };
  let count = 0;

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "", "http://nowhere");
      const seen = {
        host: url.host,
        path: url.pathname + url.search,
        body: text ? JSON.parse(text) : undefined,
      };
      requests.push(seen);
      const [status, value] = answer(seen);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
      changed();
    });
  });
  const upgrade = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) =>
    upgrade.handleUpgrade(request, socket, head, (client) => {
      sockets.add(client);
      client.on("message", (data) => {
        const frame = JSON.parse(String(data)) as { headers: { messageId?: string } };
        if (frame.headers.messageId) acknowledged.push(frame.headers.messageId);
        changed();
      });
      client.on("close", () => sockets.delete(client));
      client.send(JSON.stringify({ type: "SYSTEM", headers: { topic: "CONNECTED" }, data: "{}" }));
      client.send(JSON.stringify({ type: "SYSTEM", headers: { topic: "REGISTERED" }, data: "{}" }));
      changed();
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const answer = ({ host, path, body }: DingtalkRequest): [number, unknown] => {
    if (host === "api.dingtalk.com" && path === "/v1.0/gateway/connections/open") {
      const known = body.clientId === app.clientId && body.clientSecret === app.clientSecret;
      return known
        ? [200, { endpoint: `ws://${address}/connect`, ticket: "ticket" }]
        : [401, { code: "invalidClient", message: "wrong secret" }];
    }
    if (path === "/v1.0/oauth2/accessToken") return [200, { accessToken: "token", expireIn: 7200 }];
    if (path.startsWith("/robot/sendBySession")) return [200, { errcode: 0, errmsg: "ok" }];
    return [200, { processQueryKey: "key", errcode: 0 }];
  };

  for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])
    vi.stubEnv(name, `http://${address}`);
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  onTestFinished(() => {
    vi.unstubAllEnvs();
    for (const client of upgrade.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });

  const until = async (fits: () => boolean) => {
    while (!fits()) await new Promise<void>((resolve) => wakers.push(resolve));
  };
  const answers = (room: string) =>
    requests
      .filter(({ path }) => path === `/robot/sendBySession?session=${room}`)
      .map(({ body }) => String(body.markdown?.text ?? body.text?.content));
  return {
    requests,
    acknowledged,
    answers,
    joined: () => until(() => sockets.size > 0),
    /** Somebody writes to the robot; the same `id` is the same message again. */
    write(
      content: string,
      { from = "ada", room, id }: { from?: string; room?: string; id?: string } = {},
    ): string {
      const messageId = `stream-${++count}`;
      const data = {
        msgId: id ?? `message-${count}`,
        msgtype: "text",
        text: { content },
        conversationType: room ? "2" : "1",
        conversationId: room ?? `direct-${from}`,
        ...(room ? { conversationTitle: room, isInAtList: true } : {}),
        senderId: `$:LWCP_v1:$${from}`,
        senderStaffId: from,
        senderNick: from,
        chatbotUserId: "$:LWCP_v1:$robot",
        robotCode: app.clientId,
        createAt: Date.now(),
        sessionWebhook: `https://oapi.dingtalk.com/robot/sendBySession?session=${room ?? from}`,
        sessionWebhookExpiredTime: Date.now() + 3_600_000,
      };
      const frame = {
        specVersion: "1.0",
        type: "CALLBACK",
        headers: { topic: ROBOT_TOPIC, messageId, contentType: "application/json" },
        data: JSON.stringify(data),
      };
      for (const client of sockets) client.send(JSON.stringify(frame));
      return messageId;
    },
    /** The first answer in a room that has the text, waiting for it. */
    async answered(room: string, text: string): Promise<string> {
      await until(() => answers(room).some((one) => one.includes(text)));
      return answers(room).find((one) => one.includes(text)) as string;
    },
  };
}
