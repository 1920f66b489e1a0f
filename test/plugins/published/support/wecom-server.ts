import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

interface Frame {
  cmd?: string;
  headers: { req_id: string };
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, field by field
  body?: any;
}

/** The long connection of a WeCom bot: it subscribes, gets messages and streams its answers, each acknowledged. */
export async function wecomServer(bot: { botId: string; secret: string }) {
  const replies: Frame[] = [];
  const refusals: Frame[] = [];
  const sockets = new Set<WebSocket>();
  const wakers: (() => void)[] = [];
  let count = 0;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (client) => {
    client.on("message", (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      const known = frame.cmd !== "aibot_subscribe" || isBot(frame.body, bot);
      if (!known) refusals.push(frame);
      else if (frame.cmd === "aibot_subscribe") sockets.add(client);
      else if (frame.cmd !== "ping") replies.push(frame);
      const result = known ? { errcode: 0, errmsg: "ok" } : { errcode: 40001, errmsg: "invalid secret" };
      client.send(JSON.stringify({ headers: { req_id: frame.headers.req_id }, ...result }));
      for (const wake of wakers.splice(0)) wake();
    });
    client.on("close", () => sockets.delete(client));
  });
  await new Promise<void>((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const until = async (fits: () => boolean) => {
    while (!fits()) await new Promise<void>((resolve) => wakers.push(resolve));
  };
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    replies,
    refusals,
    until,
    joined: () => until(() => sockets.size > 0),
    /** Somebody writes to the bot; gives the id that its answers carry. */
    write(
      content: string,
      { from = "ada", room, id }: { from?: string; room?: string; id?: string } = {},
    ): string {
      const requestId = `callback-${++count}`;
      const frame = {
        cmd: "aibot_msg_callback",
        headers: { req_id: requestId },
        body: {
          msgid: id ?? `message-${count}`,
          aibotid: bot.botId,
          chattype: room ? "group" : "single",
          ...(room ? { chatid: room } : {}),
          from: { userid: from },
          msgtype: "text",
          text: { content },
        },
      };
      for (const client of sockets) client.send(JSON.stringify(frame));
      return requestId;
    },
    /** The whole text of the answer to a message, once its stream is finished. */
    async answerTo(requestId: string): Promise<string> {
      const streams = () =>
        replies.filter(({ headers, body }) => headers.req_id === requestId && body?.msgtype === "stream");
      await until(() => streams().some(({ body }) => body.stream.finish));
      return streams().at(-1)?.body.stream.content;
    },
  };
}

function isBot(body: { bot_id?: string; secret?: string }, bot: { botId: string; secret: string }): boolean {
  return body.bot_id === bot.botId && body.secret === bot.secret;
}
