import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

/** The smallest operator client: connects with a token and calls methods. */
export class GatewayClient {
  #socket;
  #pending = new Map();

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#receive(JSON.parse(String(data))));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const { reject } of this.#pending.values()) reject(new Error("the connection closed"));
      this.#pending.clear();
    });
  }

  static async open(port, token) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const client = new GatewayClient(socket);
    await new Promise((resolve, reject) => {
      client.onChallenge = resolve;
      socket.once("close", () => reject(new Error("the gateway closed the connection")));
    });
    client.hello = await client.call("connect", {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: "cli", mode: "cli", version: "1", platform: process.platform, instanceId: randomUUID() },
      role: "operator",
      scopes: ["operator.admin", "operator.read", "operator.write"],
      caps: [],
      auth: { token },
    });
    return client;
  }

  onChallenge = () => {};
  /** What the gateway answered to `connect`. */
  hello;

  call(method, params) {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ type: "req", id, method, params }), (error) => {
        if (error) reject(error);
      });
    });
  }

  close() {
    this.#socket.close();
  }

  #receive(frame) {
    if (frame.type === "event" && frame.event === "connect.challenge") this.onChallenge();
    if (frame.type !== "res") return;
    const pending = this.#pending.get(frame.id);
    this.#pending.delete(frame.id);
    if (frame.ok) pending?.resolve(frame.payload);
    else pending?.reject(new Error(`${frame.error?.code}: ${frame.error?.message}`));
  }
}
