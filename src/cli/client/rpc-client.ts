import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import type { Clock } from "../../kernel/clock.ts";
import { type Disposable, disposable } from "../../kernel/disposable.ts";
import { isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { WireError } from "../../protocol/error-codes.ts";
import type { EventFrame, ResponseFrame } from "../../protocol/frames.ts";
import { MAX_FRAME_BYTES } from "../../protocol/limits.ts";
import type { ConnectParams } from "../../protocol/schemas/connect.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { cliError } from "../errors.ts";
import { assertSafeUrl } from "./gateway-url.ts";

export interface RpcClientOptions {
  /** `ws://` on loopback, `wss://` elsewhere. */
  url: string;
  token?: string | undefined;
  /** Least scopes the calls need; see protocol/method-scopes.ts. */
  scopes: readonly string[];
  clock: Clock;
  version: string;
  /** `cli`, or `probe` to ask only whether a gateway is there. Default `cli`. */
  mode?: "cli" | "probe";
  /** From dialling to `hello-ok`. Default 10,000 ms. */
  connectTimeoutMs?: number;
}

/** The part of `hello-ok` that the command line reads (spec 2.9). */
export interface Hello {
  protocol: number;
  server: { version: string; connId: string };
  features: { methods: string[]; events: string[] };
  auth: { role: string; scopes: string[] };
  snapshot: { sessionDefaults?: { mainSessionKey?: string } };
}

export interface CallOptions {
  /** Default 30,000 ms; 0 waits as long as the socket lives. */
  timeoutMs?: number;
  /** Wait for the second answer of methods that send two (`agent`). */
  expectFinal?: boolean;
  /** Gets the first answer when `expectFinal` is set. */
  onAccepted?: (payload: unknown) => void;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_CALL_TIMEOUT_MS = 30_000;
const POLICY_CLOSE = 1008;

interface Pending {
  method: string;
  options: CallOptions;
  resolve(payload: unknown): void;
  reject(error: Error): void;
  timer: Disposable | undefined;
}

/**
 * One connection to a gateway: challenge, `connect`, calls and events. No device identity is sent; on
 * loopback a shared token is enough and the requested scopes are kept (spec 2.6).
 *
 * @example
 * const client = await RpcClient.connect({ url, token, scopes: ["operator.read"], clock, version });
 * const health = await client.call("health");
 * await client.dispose();
 */
export class RpcClient implements Disposable {
  readonly hello: Hello;
  readonly #wire: Wire;

  private constructor(wire: Wire, hello: Hello) {
    this.#wire = wire;
    this.hello = hello;
  }

  /**
   * @throws SluiceError `GATEWAY_UNREACHABLE` (nothing listens), `GATEWAY_TIMEOUT`, `GATEWAY_INSECURE`
   * (`ws://` to another machine), `GATEWAY_REFUSED` (with the gateway's reason)
   */
  static async connect(options: RpcClientOptions): Promise<RpcClient> {
    assertSafeUrl(options.url);
    const wire = new Wire(options);
    try {
      return new RpcClient(wire, await wire.handshake());
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  /** Calls a method. Rejects with the gateway's error (`code` as on the wire) or a `GATEWAY_…` error. */
  call<Result = unknown>(method: string, params?: unknown, options: CallOptions = {}): Promise<Result> {
    return this.#wire.call(method, params, options) as Promise<Result>;
  }

  onEvent(listener: (event: EventFrame) => void): Disposable {
    return this.#wire.onEvent(listener);
  }

  /** Resolves when the connection ends, with the reason for people. */
  get closed(): Promise<string> {
    return this.#wire.closed;
  }

  async dispose(): Promise<void> {
    this.#wire.close();
    await this.#wire.closed;
  }
}

class Wire {
  readonly #options: RpcClientOptions;
  readonly #socket: WebSocket;
  readonly #pending = new Map<string, Pending>();
  readonly #listeners = new Set<(event: EventFrame) => void>();
  readonly closed: Promise<string>;
  #opened = false;
  #failure: Error | undefined;
  #counter = 0;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.#socket = new WebSocket(options.url, {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    });
    this.#socket.on("open", () => {
      this.#opened = true;
    });
    this.#socket.on("message", (data) => this.#receive(String(data)));
    this.#socket.on("error", (error) => {
      this.#failure ??= unreachable(options.url, error);
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once("close", (code, reason) => {
        const text = reason.toString() || `close code ${code}`;
        this.#rejectAll(this.#failure ?? lostError(options.url, code, text));
        resolve(text);
      });
    });
  }

  handshake(): Promise<Hello> {
    const limitMs = this.#options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
    return new Promise<Hello>((resolve, reject) => {
      const timer = this.#options.clock.after(limitMs, () =>
        reject(
          cliError(
            "GATEWAY_TIMEOUT",
            `${this.#options.url} ${this.#opened ? "did not greet" : "did not answer"} within ${limitMs} ms`,
          ),
        ),
      );
      const settled = () => timer.dispose();
      const challenge = this.onEvent((frame) => {
        if (frame.event !== "connect.challenge") return;
        challenge.dispose();
        this.call("connect", this.#connectParams(), { timeoutMs: 0 })
          .then(
            (hello) => resolve(hello as Hello),
            (error) => reject(refusal(error)),
          )
          .finally(settled);
      });
      void this.closed.then((reason) => {
        settled();
        reject(this.#failure ?? lostError(this.#options.url, POLICY_CLOSE, reason));
      });
    });
  }

  #connectParams(): ConnectParams {
    const { mode = "cli", token, scopes, version } = this.#options;
    return {
      minProtocol: mode === "probe" ? PROTOCOL_VERSION - 1 : PROTOCOL_VERSION,
      maxProtocol: PROTOCOL_VERSION,
      client: { id: "cli", mode, version, platform: process.platform, instanceId: randomUUID() },
      role: "operator",
      scopes: [...scopes],
      caps: [],
      auth: token === undefined ? {} : { token },
    };
  }

  call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      return Promise.reject(this.#failure ?? lostError(this.#options.url, 0, "the connection is closed"));
    }
    const id = `${++this.#counter}:${randomUUID()}`;
    const timeoutMs = options.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs > 0
          ? this.#options.clock.after(timeoutMs, () => {
              this.#pending.delete(id);
              reject(cliError("GATEWAY_TIMEOUT", `${method} was not answered within ${timeoutMs} ms`));
            })
          : undefined;
      this.#pending.set(id, { method, options, resolve, reject, timer });
      this.#socket.send(
        JSON.stringify({ type: "req", id, method, ...(params === undefined ? {} : { params }) }),
      );
    });
  }

  onEvent(listener: (event: EventFrame) => void): Disposable {
    this.#listeners.add(listener);
    return disposable(() => {
      this.#listeners.delete(listener);
    });
  }

  close(): void {
    this.#socket.close();
    // A peer that does not answer the close frame must not keep the command alive.
    this.#options.clock.after(1_000, () => this.#socket.terminate());
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as ResponseFrame | EventFrame;
    if (frame.type === "event") {
      for (const listener of this.#listeners) listener(frame);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) return;
    if (frame.ok && pending.options.expectFinal && isAccepted(frame.payload)) {
      pending.options.onAccepted?.(frame.payload);
      return;
    }
    this.#pending.delete(frame.id);
    void pending.timer?.dispose();
    if (frame.ok) pending.resolve(frame.payload);
    else pending.reject(wireError(frame.error, frame.payload));
  }

  #rejectAll(error: Error): void {
    for (const pending of this.#pending.values()) {
      void pending.timer?.dispose();
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

function isAccepted(payload: unknown): boolean {
  return (payload as { status?: unknown } | undefined)?.status === "accepted";
}

function wireError(error: WireError | undefined, payload: unknown): SluiceError {
  const { code, message, details, retryable, retryAfterMs } = error ?? {
    code: "UNAVAILABLE",
    message: "the gateway gave no reason",
  };
  return new SluiceError(code, message, {
    details: details ?? payload,
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Every refused handshake is one kind of failure to a script; the gateway's own code is in `details`. */
function refusal(error: unknown): Error {
  if (!isSluiceError(error) || error.code.startsWith("GATEWAY_")) return error as Error;
  return cliError(
    "GATEWAY_REFUSED",
    error.message,
    { code: error.code, ...(error.details as object | undefined) },
    error,
  );
}

function unreachable(url: string, cause: Error): Error {
  return cliError(
    "GATEWAY_UNREACHABLE",
    `no gateway answers at ${url} (${cause.message || (cause as NodeJS.ErrnoException).code || "no reason"}); ` +
      "start one with: sluice gateway run",
    undefined,
    cause,
  );
}

function lostError(url: string, code: number, reason: string): Error {
  return cliError("GATEWAY_LOST", `the connection to ${url} ended: ${reason}`, { closeCode: code });
}
