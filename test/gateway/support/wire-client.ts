import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { deviceAuthPayloadV3 } from "../../../src/protocol/device-auth.ts";
import { TEST_TOKEN } from "./gateway.ts";

export interface Frame {
  type: string;
  id?: unknown;
  ok?: boolean;
  event?: string;
  seq?: number;
  // biome-ignore lint/suspicious/noExplicitAny: frames are asserted on, field by field
  payload?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  error?: any;
  [extra: string]: unknown;
}

export interface ConnectOptions {
  scopes?: string[];
  role?: string;
  client?: Record<string, unknown>;
  auth?: Record<string, unknown> | null;
  caps?: string[];
  minProtocol?: number;
  maxProtocol?: number;
  device?: TestDevice;
  /** Changes the device proof before it is sent. */
  spoil?: (device: Record<string, unknown>) => void;
}

export interface TestDevice {
  id: string;
  publicKey: string;
  privateKey: KeyObject;
}

export function testDevice(): TestDevice {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
  return {
    id: createHash("sha256").update(raw).digest("hex"),
    publicKey: raw.toString("base64url"),
    privateKey,
  };
}

/** A client that speaks plain frames: it sees what is on the wire and nothing else. */
export class WireClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiters: (() => void)[] = [];
  #ended = false;
  #nextId = 1;

  constructor(url: string, headers: Record<string, string> = {}, options: object = {}) {
    this.socket = new WebSocket(url, { headers, ...options });
    this.socket.on("message", (data) => {
      this.frames.push(JSON.parse(String(data)) as Frame);
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => {
        this.#ended = true;
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    this.socket.on("error", () => {});
    onTestFinished(() => this.socket.terminate());
  }

  /** Opens a socket and completes the handshake. */
  static async open(
    url: string,
    options: ConnectOptions = {},
    headers: Record<string, string> = {},
  ): Promise<WireClient> {
    const client = new WireClient(url, headers);
    const answer = await client.connect(options);
    if (!answer.ok) throw new Error(`connect was refused: ${JSON.stringify(answer.error)}`);
    return client;
  }

  /** The first frame that fits, waiting for it; frames before it stay. */
  async next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found;
      if (this.#ended)
        throw new Error(`the socket closed first; seen: ${JSON.stringify(this.frames.slice(-3))}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  event(name: string): Promise<Frame> {
    return this.next((frame) => frame.event === name);
  }

  send(value: unknown): void {
    this.socket.send(typeof value === "string" ? value : JSON.stringify(value));
  }

  async call(method: string, params?: unknown): Promise<Frame> {
    const id = `${this.#nextId++}:${method}`;
    this.send({ type: "req", id, method, ...(params === undefined ? {} : { params }) });
    return this.next((frame) => frame.type === "res" && frame.id === id);
  }

  async connect(options: ConnectOptions = {}): Promise<Frame> {
    const { payload } = await this.event("connect.challenge");
    this.send({
      type: "req",
      id: "connect-1",
      method: "connect",
      params: connectParams(options, payload),
    });
    return this.next((frame) => frame.type === "res" && frame.id === "connect-1");
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Parameters of `connect`; by default the recorded ones of the command-line client. */
export function connectParams(options: ConnectOptions, challenge: { nonce: string; ts: number }) {
  const client = { id: "cli", version: "2026.9.6", platform: "linux", mode: "cli", ...options.client } as {
    id: string;
    mode: string;
    platform: string;
    deviceFamily?: string;
  };
  const scopes = options.scopes ?? ["operator.read"];
  const role = options.role ?? "operator";
  const auth = options.auth === null ? undefined : (options.auth ?? { token: TEST_TOKEN });
  const given = (auth ?? {}) as { token?: string; deviceToken?: string };
  const { device } = options;
  const proof: Record<string, unknown> | undefined = device && {
    id: device.id,
    publicKey: device.publicKey,
    signedAt: challenge.ts,
    nonce: challenge.nonce,
    signature: sign(
      null,
      Buffer.from(
        deviceAuthPayloadV3({
          deviceId: device.id,
          clientId: client.id,
          clientMode: client.mode,
          role,
          scopes,
          signedAt: challenge.ts,
          token: given.token ?? given.deviceToken,
          nonce: challenge.nonce,
          platform: client.platform,
          deviceFamily: client.deviceFamily,
        }),
      ),
      device.privateKey,
    ).toString("base64url"),
  };
  if (proof) options.spoil?.(proof);
  return {
    minProtocol: options.minProtocol ?? 4,
    maxProtocol: options.maxProtocol ?? 4,
    client,
    caps: options.caps ?? [],
    role,
    scopes,
    ...(auth ? { auth } : {}),
    ...(proof ? { device: proof } : {}),
  };
}
