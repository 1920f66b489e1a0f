import { prove } from "./device-identity.ts";
import type { EventFrame, Hello, ResponseFrame, WireError } from "./wire.ts";

export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "open"; hello: Hello }
  | { kind: "waiting"; seconds: number; reason: string }
  | { kind: "refused"; error: WireError };

export interface ConnectionListener {
  onState(state: ConnectionState): void;
  onEvent(event: EventFrame): void;
}

const PROTOCOL = 4;
/** Chatting, switching plugins, and answering their questions. */
const SCOPES = ["operator.read", "operator.write", "operator.approvals", "operator.admin"];
const CLIENT = { id: "openclaw-control-ui", mode: "webchat", platform: "web", deviceFamily: "Browser" };
const REQUEST_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Refusals that trying again by itself can not cure. */
const FINAL =
  /^(AUTH_(?!RATE_LIMITED)|CONTROL_UI_|DEVICE_|PAIRING_REQUIRED|PROTOCOL_MISMATCH|CLIENT_VERSION_MISMATCH)/;

interface Waiting {
  resolve(payload: unknown): void;
  reject(error: Error): void;
  timer: number;
}

/** An error answer of the gateway. */
export class GatewayError extends Error {
  readonly code: string;

  constructor(error: WireError) {
    super(error.message);
    this.name = "GatewayError";
    this.code = error.code;
  }
}

/** One WebSocket to the gateway that served this page: handshake, requests, events, reconnecting. */
export class GatewayConnection {
  readonly #token: string;
  readonly #listener: ConnectionListener;
  readonly #waiting = new Map<string, Waiting>();
  readonly #instanceId = newId();
  #socket: WebSocket | undefined;
  #retryTimer: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #counter = 0;
  #refusal: WireError | undefined;
  #closed = false;

  constructor(token: string, listener: ConnectionListener) {
    this.#token = token;
    this.#listener = listener;
    this.#open();
  }

  /** Sends a request. Rejects with {@link GatewayError} for an error answer, with `Error` when the socket is lost. */
  request<Result>(method: string, params: object = {}): Promise<Result> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("not connected"));
    const id = `${++this.#counter}`;
    return new Promise<Result>((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${method} was not answered in ${REQUEST_TIMEOUT_MS / 1_000} seconds`));
      }, REQUEST_TIMEOUT_MS);
      this.#waiting.set(id, { resolve: resolve as (payload: unknown) => void, reject, timer });
      socket.send(JSON.stringify({ type: "req", id, method, params }));
    });
  }

  close(): void {
    this.#closed = true;
    window.clearTimeout(this.#retryTimer);
    this.#socket?.close();
  }

  #open(): void {
    this.#listener.onState({ kind: "connecting" });
    const url = new URL(location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.pathname = "/";
    url.search = "";
    url.hash = "";
    this.#refusal = undefined;
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(socket, String(data));
    socket.onclose = ({ reason }) => this.#lost(reason);
  }

  #receive(socket: WebSocket, text: string): void {
    const frame = JSON.parse(text) as ResponseFrame | EventFrame;
    if (frame.type === "res") this.#answer(frame);
    else if (frame.event !== "connect.challenge") this.#listener.onEvent(frame);
    else void this.#handshake(socket, frame.payload as { nonce: string; ts: number });
  }

  async #handshake(socket: WebSocket, challenge: { nonce: string; ts: number }): Promise<void> {
    const claim = {
      clientId: CLIENT.id,
      clientMode: CLIENT.mode,
      role: "operator",
      scopes: SCOPES,
      token: this.#token,
      platform: CLIENT.platform,
      deviceFamily: CLIENT.deviceFamily,
    };
    const device = await prove(claim, challenge);
    if (socket.readyState !== WebSocket.OPEN) return;
    try {
      const hello = await this.request<Hello>("connect", {
        minProtocol: PROTOCOL,
        maxProtocol: PROTOCOL,
        client: { ...CLIENT, version: "1", instanceId: this.#instanceId },
        role: "operator",
        scopes: SCOPES,
        caps: ["tool-events"],
        auth: this.#token ? { token: this.#token } : {},
        ...(device ? { device } : {}),
        locale: navigator.language,
      });
      this.#retryMs = FIRST_RETRY_MS;
      this.#listener.onState({ kind: "open", hello });
    } catch (error) {
      // The socket's close follows and decides what is next.
      if (!(error instanceof GatewayError)) socket.close();
    }
  }

  #answer(frame: ResponseFrame): void {
    const waiting = this.#waiting.get(frame.id);
    if (!waiting) return;
    this.#waiting.delete(frame.id);
    window.clearTimeout(waiting.timer);
    if (frame.ok) {
      waiting.resolve(frame.payload);
      return;
    }
    const error = frame.error ?? { code: "UNAVAILABLE", message: "the gateway gave no reason" };
    if (FINAL.test(error.details?.code ?? "")) this.#refusal = error;
    waiting.reject(new GatewayError(error));
  }

  #lost(reason: string): void {
    for (const waiting of this.#waiting.values()) {
      window.clearTimeout(waiting.timer);
      waiting.reject(new Error("the connection was lost"));
    }
    this.#waiting.clear();
    if (this.#closed) return;
    if (this.#refusal) {
      this.#listener.onState({ kind: "refused", error: this.#refusal });
      return;
    }
    this.#listener.onState({ kind: "waiting", seconds: Math.round(this.#retryMs / 1_000), reason });
    this.#retryTimer = window.setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}

/** A random identifier; works on plain http too, where `crypto.randomUUID` does not exist. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
