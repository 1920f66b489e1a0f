import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

export interface Post {
  id: string;
  user_id: string;
  channel_id: string;
  message: string;
  root_id: string;
}

const BOT = { id: `${"u".repeat(25)}0`, username: "sluice", update_at: 1, is_bot: true };
const ADA = { id: `${"u".repeat(25)}1`, username: "ada", first_name: "Ada" };
const TEAM = { id: "t".repeat(26), name: "house" };
const CHANNELS: Readonly<Record<string, { type: "D" | "O"; name: string }>> = {
  direct: { type: "D", name: `${BOT.id}__${ADA.id}` },
  square: { type: "O", name: "town-square" },
};
export type Room = keyof typeof CHANNELS;

/** Ids of Mattermost have 26 characters. */
const idOf = (room: string) => room.padEnd(26, "0");

/** The part of a Mattermost server that a bot speaks to: REST for users, channels and posts, events by WebSocket. */
export async function mattermostServer(token: string) {
  const posts: Post[] = [];
  const refused: string[] = [];
  const unknown: string[] = [];
  const sockets = new Set<WebSocket>();
  const wakers: (() => void)[] = [];
  const changed = () => {
    for (const wake of wakers.splice(0)) wake();
  };
  let count = 0;
  const channel = (id: string) => {
    const room = Object.keys(CHANNELS).find((name) => idOf(name) === id);
    return (
      room && {
        id,
        team_id: CHANNELS[room]?.type === "D" ? "" : TEAM.id,
        display_name: room,
        ...CHANNELS[room],
      }
    );
  };

  const answer = (method: string, path: string, body: Record<string, unknown>): [number, unknown] => {
    const user = (id: string | undefined) => [BOT, ADA].find((one) => one.id === id || one.username === id);
    const [, kind, id, rest] = path.split("?")[0]?.split("/") ?? [];
    if (kind === "users" && id === "me") return [200, rest === "teams" ? [TEAM] : BOT];
    if (kind === "users" && id === "username") return user(rest) ? [200, user(rest)] : [404, {}];
    if (kind === "users" && user(id)) return [200, rest === "teams" ? [TEAM] : user(id)];
    if (kind === "channels" && id === "direct") return [201, channel(idOf("direct"))];
    if (kind === "channels" && rest === "posts") return [200, { order: [], posts: {} }];
    if (kind === "channels" && channel(id ?? "")) return [200, channel(id ?? "")];
    if (kind === "posts" && method === "POST") {
      const post = { root_id: "", ...body, id: String(++count).padStart(26, "p"), user_id: BOT.id } as Post;
      posts.push(post);
      changed();
      return [201, post];
    }
    if (kind === "posts" && method === "PUT") {
      const post = posts.find((one) => one.id === id);
      Object.assign(post ?? {}, { message: body["message"] });
      changed();
      return [200, post ?? {}];
    }
    if (kind === "posts" && method === "GET") return [200, posts.find((one) => one.id === id) ?? {}];
    if (kind === "posts" && method === "DELETE") {
      const at = posts.findIndex((one) => one.id === id);
      if (at >= 0) posts.splice(at, 1);
      return [200, { status: "OK" }];
    }
    if (kind === "typing" || (kind === "users" && rest === "typing") || kind === "reactions")
      return [200, {}];
    unknown.push(`${method} ${path}`);
    return [404, { message: "not found" }];
  };

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const path = (request.url ?? "").replace(/^\/api\/v4/, "");
      const known = request.headers.authorization === `Bearer ${token}`;
      if (!known) refused.push(path);
      const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
      const [status, value] = known
        ? answer(request.method ?? "", path, body)
        : [401, { message: "Invalid token" }];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
      changed();
    });
  });
  const upgrade = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (request.url !== "/api/v4/websocket") return void socket.destroy();
    upgrade.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data) => {
        const frame = JSON.parse(String(data)) as { seq: number; action: string; data: { token?: string } };
        if (frame.action !== "authentication_challenge") return;
        if (frame.data.token !== token) return client.close(4001, "bad token");
        sockets.add(client);
        changed();
        client.send(JSON.stringify({ status: "OK", seq_reply: frame.seq }));
        client.send(JSON.stringify({ event: "hello", data: {}, broadcast: {}, seq: 0 }));
      });
      client.on("close", () => sockets.delete(client));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const client of upgrade.clients) client.terminate();
    server.close();
  });

  let sequence = 1;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    refused,
    /** Requests this server has no answer to. */
    unknown,
    /** Ada writes; the event goes to everybody who is connected. The same `id` is the same post again. */
    write(room: Room, message: string, options: { id?: string; rootId?: string } = {}): string {
      const id = (options.id ?? `ada${++count}`).padEnd(26, "x");
      const channelId = idOf(room);
      const post = {
        id,
        user_id: ADA.id,
        channel_id: channelId,
        message,
        root_id: options.rootId ?? "",
        create_at: 1_700_000_000_000 + count,
        type: "",
      };
      const data = {
        channel_display_name: room,
        channel_name: CHANNELS[room]?.name,
        channel_type: CHANNELS[room]?.type,
        post: JSON.stringify(post),
        sender_name: "@ada",
        team_id: TEAM.id,
      };
      const event = { event: "posted", data, broadcast: { channel_id: channelId }, seq: sequence++ };
      for (const client of sockets) client.send(JSON.stringify(event));
      return id;
    },
    /** The first post that fits, waiting for it. */
    async posted(fits: (post: Post) => boolean): Promise<Post> {
      for (;;) {
        const found = posts.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => wakers.push(resolve));
      }
    },
    /** Somebody listens. */
    async joined() {
      while (sockets.size === 0) await new Promise<void>((resolve) => wakers.push(resolve));
    },
    /** The line breaks. */
    drop() {
      for (const client of sockets) client.terminate();
      sockets.clear();
    },
  };
}
