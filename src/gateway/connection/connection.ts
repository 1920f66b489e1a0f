import type { Disposable } from "../../kernel/disposable.ts";
import { CLOSE, closeReason } from "../../protocol/close-codes.ts";
import type { RequestFrame } from "../../protocol/frames.ts";
import {
  CLOSE_GRACE_MS,
  HANDSHAKE_TIMEOUT_MS,
  MAX_FRAME_BYTES,
  MAX_HANDSHAKE_FRAME_BYTES,
  MAX_PENDING_HANDSHAKE_FRAMES,
} from "../../protocol/limits.ts";
import type { ConnectParams } from "../../protocol/schemas/connect.ts";
import type { Role } from "../../protocol/scopes.ts";
import type { SharedFrame } from "../events/frame.ts";
import { type EventReceiver, Subscriptions } from "../events/hub.ts";
import type { Caller, CallerClient } from "../rpc/caller.ts";
import { failure, type Replies } from "../rpc/dispatcher.ts";
import { RequestLane } from "../rpc/request-lane.ts";
import { shownClient } from "./client-names.ts";
import { readConnect } from "./connect-request.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { Outlet } from "./outlet.ts";
import { Patience } from "./patience.ts";
import { raisePayloadLimit } from "./payload-limit.ts";
import { readFrame } from "./read-frame.ts";
import { asRejection } from "./rejection.ts";
import type { WaitingSocket } from "./waiting-sockets.ts";

type State = "challenged" | "deciding" | "open" | "closed";

const EMPTY: ReadonlySet<string> = new Set();
const NO_CLIENT: CallerClient = { id: "", mode: "", version: "", platform: "" };

/** One WebSocket from challenge to close: the handshake, then requests in and responses and events out. */
export class Connection implements EventReceiver, Caller, WaitingSocket {
  readonly connId: string;
  readonly subscriptions = new Subscriptions();
  role: Role = "operator";
  scopes: readonly string[] = [];
  capabilities: ReadonlySet<string> = EMPTY;
  client: CallerClient = NO_CLIENT;
  connectParams: ConnectParams | undefined;
  /** Cleared by a ping, set by the pong; see the server's heartbeat. */
  alive = true;
  #deviceId: string | undefined;
  #byDeviceToken = false;
  /** What it says it is, while that is being decided. */
  #claim: { deviceId: string | undefined; role: string } | undefined;
  readonly #options: ConnectionOptions;
  readonly #outlet: Outlet;
  readonly #lane = new RequestLane();
  readonly #replies: Replies;
  readonly #handshakeTimer: Disposable;
  readonly #patience = new Patience();
  #abort: AbortController | undefined;
  #state: State = "challenged";
  #early: string[] = [];
  #seq = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.connId = options.connId;
    this.#outlet = new Outlet(options.socket, options.corks);
    this.#replies = {
      send: (text) => this.#reply(text),
      roleChecked: (violated) => this.#loseAt(this.#patience.roleChecked(violated)),
    };
    this.#handshakeTimer = options.clock.after(HANDSHAKE_TIMEOUT_MS, () => this.close(CLOSE.NORMAL, ""));
    const { webSocket } = options;
    webSocket.on("message", (data) => this.#onMessage(data as Buffer));
    webSocket.on("pong", () => {
      this.alive = true;
    });
    // A broken frame closes the socket with the right code by itself; there is nothing to add.
    webSocket.on("error", (error) => options.logger.debug("a socket failed", { error: error.message }));
    webSocket.on("close", () => this.#onClosed());
    this.#outlet.text(
      JSON.stringify({
        type: "event",
        event: "connect.challenge",
        payload: { nonce: options.nonce, ts: options.clock.now(), capabilities: [] },
      }),
    );
  }

  get deviceId(): string | undefined {
    return this.#deviceId;
  }

  /**
   * Whether it is a connection of the device, or one that wants to be and may be admitted in the next moment: who
   * removes the device closes both.
   */
  concerns(deviceId: string, role?: string): boolean {
    const { deviceId: of, role: as } = this.#state === "open" ? this : (this.#claim ?? this);
    return of === deviceId && (role === undefined || as === role);
  }

  get byDeviceToken(): boolean {
    return this.#byDeviceToken;
  }

  get address(): string {
    return this.#options.facts.address;
  }

  get receiver(): EventReceiver {
    return this;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === "closed") this.#abort.abort(new Error("the connection is closed"));
    return this.#abort.signal;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get silent(): boolean {
    return this.#state === "challenged";
  }

  makeRoom(): void {
    this.close(CLOSE.TRY_LATER, "made room for another client");
  }

  /** The number of the last event sent or skipped. */
  get seq(): number {
    return this.#seq;
  }

  deliver(frame: SharedFrame, droppable: boolean): void {
    if (this.#state !== "open") return;
    // A skipped event uses up its number, so that the client sees the gap.
    this.#seq++;
    if (this.#outlet.full) {
      if (!droppable) this.close(CLOSE.POLICY, "slow consumer");
      return;
    }
    this.#outlet.shared(frame, this.#seq);
  }

  close(code: number, reason: string): void {
    if (this.#state === "closed") return;
    this.#end();
    const { webSocket, clock } = this.#options;
    webSocket.close(code, closeReason(reason));
    clock.after(CLOSE_GRACE_MS, () => webSocket.terminate());
  }

  /** Drops the socket without a farewell. */
  terminate(): void {
    this.#end();
    this.#options.webSocket.terminate();
  }

  ping(): void {
    this.alive = false;
    this.#options.webSocket.ping();
  }

  #onMessage(data: Buffer): void {
    switch (this.#state) {
      case "open":
        this.#onRequest(data.toString(), data.length);
        return;
      case "challenged":
        this.#onFirstFrame(data);
        return;
      case "deciding":
        if (this.#early.length >= MAX_PENDING_HANDSHAKE_FRAMES) {
          this.close(CLOSE.POLICY, "too many pending handshake frames");
          return;
        }
        this.#early.push(data.toString());
        return;
      case "closed":
    }
  }

  #onFirstFrame(data: Buffer): void {
    if (data.length > MAX_HANDSHAKE_FRAME_BYTES) {
      this.close(CLOSE.TOO_LARGE, "preauth payload too large");
      return;
    }
    const parsed = readFrame(data.toString());
    if (!parsed?.ok) {
      this.close(CLOSE.NORMAL, "");
      return;
    }
    this.#state = "deciding";
    this.#decide(parsed.frame).catch((error) => this.#reject(parsed.frame.id, error));
  }

  async #decide(frame: RequestFrame): Promise<void> {
    const { handshake, facts, nonce, hello, gate } = this.#options;
    const params = await readConnect(frame);
    gate();
    this.#claim = { deviceId: params.device?.id, role: params.role ?? "operator" };
    const grant = await handshake.decide(params, facts, nonce);
    if (this.#isClosed()) return;
    this.role = grant.role;
    this.scopes = grant.scopes;
    this.capabilities = new Set(params.caps);
    this.client = shownClient(params.client);
    this.connectParams = params;
    this.#deviceId = grant.device?.deviceId;
    this.#byDeviceToken = grant.authMethod === "device-token";
    const payload = await hello(grant, this.connId);
    if (this.#isClosed()) return;
    this.#open(frame.id, payload);
  }

  #open(requestId: string, payload: object): void {
    void this.#handshakeTimer.dispose();
    raisePayloadLimit(this.#options.webSocket, MAX_FRAME_BYTES);
    this.#outlet.text(JSON.stringify({ type: "res", id: requestId, ok: true, payload }));
    this.#state = "open";
    this.#options.onOpen(this);
    for (const text of this.#early.splice(0)) this.#onRequest(text, text.length);
  }

  #reject(requestId: string, thrown: unknown): void {
    if (this.#isClosed()) return;
    const { dispatcher, clock, logger } = this.#options;
    const rejection = asRejection(thrown, (error) => dispatcher.wireError(error).message);
    if (rejection !== thrown) logger.error("a handshake failed", { error: thrown });
    const answer = () => {
      if (this.#isClosed()) return;
      this.#outlet.text(failure(requestId, dispatcher.wireError(rejection)));
      this.close(rejection.closeCode, rejection.closeReason);
    };
    if (rejection.delayMs > 0) clock.after(rejection.delayMs, answer);
    else answer();
  }

  #onRequest(text: string, bytes: number): void {
    const parsed = readFrame(text);
    // Text that is no JSON has no id to answer to.
    if (!parsed) {
      this.#options.logger.debug("a frame was not JSON", { connId: this.connId, bytes });
      this.#loseAt(this.#patience.invalidFrame());
      return;
    }
    if (!parsed.ok) {
      this.#loseAt(this.#patience.invalidFrame());
      this.#reply(failure(parsed.id, { code: "INVALID_REQUEST", message: parsed.message }));
      return;
    }
    this.#patience.validFrame();
    if (parsed.frame.method === "connect") {
      const message = "connect is only valid as the first request";
      this.#reply(failure(parsed.frame.id, { code: "INVALID_REQUEST", message }));
      return;
    }
    this.#options.dispatcher.dispatch(this, parsed.frame, bytes, this.#lane, this.#replies);
  }

  #reply(text: string): void {
    if (this.#state !== "open") return;
    if (this.#outlet.full) {
      this.close(CLOSE.POLICY, "slow consumer");
      return;
    }
    this.#outlet.text(text);
  }

  #loseAt(reason: string | undefined): void {
    if (reason !== undefined) this.close(CLOSE.POLICY, reason);
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #onClosed(): void {
    this.#end();
    this.#options.onClose(this);
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    void this.#handshakeTimer.dispose();
    this.#early = [];
    this.#lane.clear();
    this.#abort?.abort(new Error("the connection is closed"));
  }
}
