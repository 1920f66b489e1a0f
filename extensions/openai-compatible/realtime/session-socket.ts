import type { WebSocket } from "sluice/plugin-sdk/websocket-runtime";
import type { RealtimeEndpoint } from "./settings.ts";

/** How long opening a session may take, until the server has taken its settings. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Longest event that is read. */
export const MAX_EVENT_BYTES = 16_777_216;
/** Sound that waits for a slow network; more is dropped, for late speech is worth nothing. */
export const MAX_BUFFERED_BYTES = 1_048_576;

/** An event of the protocol. */
export interface RealtimeEvent {
  type: string;
  [field: string]: unknown;
}

export interface SessionSocketOptions {
  endpoint: RealtimeEndpoint;
  /** Part of the address: the model, or what kind of session it is. */
  query: Record<string, string>;
  /** The settings that open the session. */
  session: Record<string, unknown>;
  onEvent(event: RealtimeEvent): void;
  /** A failure after the session was open. */
  onError(error: Error): void;
  /** The session is over; `error` when nobody closed it. */
  onClose(reason: "completed" | "error"): void;
}

/** One realtime session: opened once, settled by the server's answer to its settings, closed once. */
export class SessionSocket {
  readonly #options: SessionSocketOptions;
  #socket: WebSocket | undefined;
  #ready = false;
  #closing = false;

  constructor(options: SessionSocketOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#ready;
  }

  /** @throws when the server cannot be reached, refuses, or is silent for too long */
  async connect(): Promise<void> {
    if (this.#socket) throw new Error("a realtime session is opened once; make another one");
    const { endpoint, query } = this.#options;
    if (!endpoint.apiKey) throw new Error("a realtime session needs a key: set OPENAI_API_KEY");
    const { WebSocket } = await import("sluice/plugin-sdk/websocket-runtime");
    const socket = new WebSocket(`${endpoint.url}?${new URLSearchParams(query)}`, {
      headers: { authorization: `Bearer ${endpoint.apiKey}` },
      maxPayload: MAX_EVENT_BYTES,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer);
        if (this.#ready) return;
        this.#closing = true;
        socket.terminate();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error(`the realtime server was silent for ${CONNECT_TIMEOUT_MS} ms`)),
        CONNECT_TIMEOUT_MS,
      );
      socket.on("open", () =>
        socket.send(JSON.stringify({ type: "session.update", session: this.#options.session })),
      );
      socket.on("message", (data) => {
        const event = parse(data);
        if (!event) return;
        if (!this.#ready && event.type === "error") return fail(new Error(errorText(event)));
        if (!this.#ready && event.type === "session.updated") {
          this.#ready = true;
          clearTimeout(timer);
          resolve();
        }
        this.#deliver(event);
      });
      socket.on("error", (error: Error) => {
        if (this.#ready) this.#options.onError(error);
        else fail(error);
      });
      socket.on("close", () => {
        fail(new Error("the realtime server closed the connection"));
        const was = this.#ready;
        this.#ready = false;
        if (was) this.#options.onClose(this.#closing ? "completed" : "error");
      });
    });
  }

  /** Sends an event; one that comes before the session is open or after its end is dropped. */
  send(event: RealtimeEvent): void {
    if (this.#ready && !this.#closing) this.#socket?.send(JSON.stringify(event));
  }

  sendAudio(audio: Buffer): void {
    if (!this.#ready || this.#closing || audio.length === 0) return;
    if ((this.#socket?.bufferedAmount ?? 0) > MAX_BUFFERED_BYTES) return;
    this.send({ type: "input_audio_buffer.append", audio: audio.toString("base64") });
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket?.close(1000);
  }

  #deliver(event: RealtimeEvent): void {
    try {
      if (event.type === "error") this.#options.onError(new Error(errorText(event)));
      else this.#options.onEvent(event);
    } catch (error) {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function parse(data: unknown): RealtimeEvent | undefined {
  try {
    const event = JSON.parse(String(data)) as RealtimeEvent | null;
    return typeof event?.type === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}

function errorText(event: RealtimeEvent): string {
  const message = (event["error"] as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : "the realtime server reported an error";
}
