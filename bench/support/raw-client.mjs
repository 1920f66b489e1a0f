// A WebSocket client that costs next to nothing: prebuilt frames out, replies counted by their headers.
import { randomBytes, randomUUID } from "node:crypto";
import { connect } from "node:net";

const TEXT = 0x1;

/** A masked text frame; the mask is zero, so that the payload is what was given. */
export function frame(text) {
  const payload = Buffer.from(text);
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.from([0x80 | TEXT, 0x80 | length])
      : length < 65_536
        ? Buffer.from([0x80 | TEXT, 0x80 | 126, length >> 8, length & 255])
        : Buffer.concat([Buffer.from([0x80 | TEXT, 0x80 | 127, 0, 0, 0, 0]), uint32(length)]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function request(method, params, id = randomUUID()) {
  return frame(JSON.stringify({ type: "req", id, method, params }));
}

/** One connection. `onText(text)` gets every message unless `counting` is set; then they are only counted. */
export class RawClient {
  #socket;
  #left = Buffer.alloc(0);
  counting = false;
  /** Messages received while counting. */
  received = 0;
  onText = () => {};
  /** Called after a read while counting, with the number of new messages. */
  onCount = () => {};

  static async open(port) {
    const client = new RawClient();
    await client.#upgrade(port);
    return client;
  }

  #upgrade(port) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      this.#socket = socket;
      socket.once("error", reject);
      socket.once("connect", () =>
        socket.write(
          `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
        ),
      );
      let head = Buffer.alloc(0);
      const onHead = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", onHead);
        if (!head.toString("latin1", 0, 12).includes("101"))
          return reject(new Error(head.toString("latin1", 0, end)));
        socket.off("error", reject);
        socket.on("error", () => {});
        socket.on("data", (more) => this.#receive(more));
        // Whoever opens the connection sets its listeners first.
        setImmediate(() => this.#receive(head.subarray(end + 4)));
        resolve();
      };
      socket.on("data", onHead);
    });
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  close() {
    this.#socket.destroy();
  }

  #receive(chunk) {
    let buffer = this.#left.length > 0 ? Buffer.concat([this.#left, chunk]) : chunk;
    let count = 0;
    for (;;) {
      if (buffer.length < 2) break;
      const short = buffer[1] & 127;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (buffer.length < header) break;
      const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : buffer.readUInt32BE(6);
      if (buffer.length < header + length) break;
      if ((buffer[0] & 15) === TEXT) {
        if (this.counting) count += 1;
        else this.onText(buffer.toString("utf8", header, header + length));
      }
      buffer = buffer.subarray(header + length);
    }
    this.#left = buffer;
    if (count > 0) {
      this.received += count;
      this.onCount(count);
    }
  }
}

/** Opens a connection and goes through the gateway's handshake with a shared token. */
export async function openOperator(port, token, scopes = ["operator.admin"]) {
  const client = await RawClient.open(port);
  await new Promise((resolve, reject) => {
    client.onText = (text) => {
      const message = JSON.parse(text);
      if (message.event === "connect.challenge") {
        client.write(
          request("connect", {
            minProtocol: 4,
            maxProtocol: 4,
            client: {
              id: "gateway-client",
              mode: "backend",
              version: "0",
              platform: "linux",
              instanceId: randomUUID(),
            },
            role: "operator",
            scopes,
            auth: { token },
          }),
        );
      } else if (message.type === "res") {
        if (message.ok) resolve();
        else reject(new Error(message.error.message));
      }
    };
  });
  client.onText = () => {};
  return client;
}

/** Sends one request and resolves with its payload. */
export function call(client, method, params) {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const former = client.onText;
    client.onText = (text) => {
      const message = JSON.parse(text);
      if (message.type !== "res" || message.id !== id) return former(text);
      client.onText = former;
      if (message.ok) resolve(message.payload);
      else reject(new Error(`${method}: ${message.error.message}`));
    };
    client.write(request(method, params, id));
  });
}
