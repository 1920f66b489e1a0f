import { SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ErrorCode, WireError } from "../../protocol/error-codes.ts";
import type { RequestFrame } from "../../protocol/frames.ts";
import { RATE_LIMITED_METHODS, scopeOf } from "../../protocol/method-scopes.ts";
import type { MethodScope } from "../../protocol/scopes.ts";
import type { GatewayServices } from "../services.ts";
import { authorise, RoleViolation } from "./authorise.ts";
import type { Caller } from "./caller.ts";
import type { Method, MethodContext } from "./method.ts";
import { type MethodTable, type ReadyMethod, unknownMethod } from "./method-table.ts";
import type { RequestLane } from "./request-lane.ts";
import { toWireError } from "./wire-error.ts";
import type { WriteLimiter } from "./write-limiter.ts";

export interface DispatcherOptions {
  table: MethodTable;
  limiter: WriteLimiter;
  services: GatewayServices;
  logger: Logger;
  redact(text: string): string;
}

/** Where answers of one request go. */
export interface Replies {
  /** Sends the text of a response frame. */
  send(text: string): void;
  /** Told of a call of the wrong role, and of every call that was not one. */
  roleChecked(violated: boolean): void;
}

/**
 * Takes a request from frame to response: authorise, admit, load, validate, run, answer. One function
 * turns anything thrown into a wire error.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Answers one request frame of a connection. Never throws. */
  dispatch(caller: Caller, frame: RequestFrame, bytes: number, lane: RequestLane, replies: Replies): void {
    const ready = this.#options.table.readyNow(frame.method);
    if (ready) {
      this.#admit(caller, frame, bytes, lane, replies, ready);
      return;
    }
    // The scope of a name is known before its code is: a caller without it learns nothing more.
    const known = this.#precheck(caller, frame, replies);
    if (!known) return;
    const entered = lane.enter(false, bytes, () => {
      this.#options.table.load(frame.method).then(
        (loaded) => {
          lane.leave(false);
          if (loaded) this.#admit(caller, frame, bytes, lane, replies, loaded);
          else this.#refuse(frame.id, replies, unknownMethod(frame.method));
        },
        (error) => {
          lane.leave(false);
          this.#refuse(frame.id, replies, error);
        },
      );
    });
    if (!entered) this.#refuse(frame.id, replies, busy());
  }

  /**
   * Calls a method in process: for HTTP routes, the CLI's embedded use and plugins. The caller's scopes
   * apply as on a connection. @returns the final result @throws SluiceError with a wire code
   */
  async call(caller: Caller, name: string, params: unknown): Promise<unknown> {
    const ready = await this.#options.table.load(name);
    if (!ready) {
      authorise(caller, name, scopeOf(name) ?? "operator.admin");
      throw unknownMethod(name);
    }
    this.#check(caller, ready, params ?? {});
    return ready.method.handler(
      this.#context(caller, name, "call", () => {}),
      (params ?? {}) as never,
    );
  }

  /** The error of a response for anything thrown; shared with the HTTP side. */
  wireError(thrown: unknown): WireError {
    return toWireError(thrown, this.#options.redact);
  }

  #precheck(caller: Caller, frame: RequestFrame, replies: Replies): boolean {
    const scope: MethodScope = scopeOf(frame.method) ?? "operator.admin";
    // A name of ours that the protocol's table does not have is judged by its own definition later.
    if (scopeOf(frame.method) === undefined && this.#options.table.isCore(frame.method)) return true;
    try {
      authorise(caller, frame.method, scope);
    } catch (error) {
      this.#refuse(frame.id, replies, error);
      return false;
    }
    return true;
  }

  #admit(
    caller: Caller,
    frame: RequestFrame,
    bytes: number,
    lane: RequestLane,
    replies: Replies,
    ready: ReadyMethod,
  ): void {
    const params = frame.params ?? {};
    try {
      this.#check(caller, ready, params);
    } catch (error) {
      this.#refuse(frame.id, replies, error);
      return;
    }
    replies.roleChecked(false);
    const parks = ready.method.parks === true;
    const entered = lane.enter(parks, bytes, () => {
      this.#run(caller, frame, params, replies, ready.method, () => lane.leave(parks));
    });
    if (!entered) this.#refuse(frame.id, replies, busy());
  }

  /** Scope, write limit and parameters, in this order. */
  #check(caller: Caller, ready: ReadyMethod, params: unknown): void {
    const { method } = ready;
    const { scope } = method;
    if (typeof scope !== "function") authorise(caller, method.name, scope);
    else authorise(caller, method.name, scopeOf(method.name) ?? "operator.admin");
    if (RATE_LIMITED_METHODS.has(method.name)) this.#options.limiter.admit(caller, method.name);
    if (ready.params && !ready.params.check(params)) {
      throw new SluiceError<ErrorCode>(
        "INVALID_REQUEST",
        `invalid ${method.name} params: ${ready.params.explain(params)}`,
      );
    }
    if (typeof scope === "function") authorise(caller, method.name, scope(params as never));
  }

  #run(
    caller: Caller,
    frame: RequestFrame,
    params: unknown,
    replies: Replies,
    method: Method,
    done: () => void,
  ): void {
    const id = JSON.stringify(frame.id);
    const context = this.#context(caller, method.name, frame.id, (payload) => {
      replies.send(success(id, payload));
    });
    let result: unknown;
    try {
      result = method.handler(context, params as never);
    } catch (error) {
      done();
      this.#refuse(frame.id, replies, error);
      return;
    }
    if (!isThenable(result)) {
      done();
      this.#answer(frame.id, id, replies, result);
      return;
    }
    result.then(
      (payload) => {
        done();
        this.#answer(frame.id, id, replies, payload);
      },
      (error) => {
        done();
        this.#refuse(frame.id, replies, error);
      },
    );
  }

  #answer(rawId: unknown, id: string, replies: Replies, payload: unknown): void {
    let text: string;
    try {
      text = success(id, payload);
    } catch (error) {
      this.#refuse(rawId, replies, error);
      return;
    }
    replies.send(text);
  }

  #refuse(id: unknown, replies: Replies, thrown: unknown): void {
    const violated = thrown instanceof RoleViolation;
    const error = this.wireError(thrown);
    if (error.code === "UNAVAILABLE" && error.retryable !== true) {
      this.#options.logger.warn("a method failed", { error: thrown });
    }
    replies.send(failure(id, error));
    replies.roleChecked(violated);
  }

  #context(
    caller: Caller,
    method: string,
    requestId: string,
    respond: (payload: unknown) => void,
  ): MethodContext {
    return { method, requestId, caller, services: this.#options.services, respond };
  }
}

function success(idJson: string, payload: unknown): string {
  return payload === undefined
    ? `{"type":"res","id":${idJson},"ok":true}`
    : `{"type":"res","id":${idJson},"ok":true,"payload":${JSON.stringify(payload)}}`;
}

/** The text of a failed response; `id` is echoed as it came, whatever its type (spec 1.2). */
export function failure(id: unknown, error: WireError): string {
  return JSON.stringify({ type: "res", id, ok: false, error });
}

function busy(): SluiceError<ErrorCode> {
  return new SluiceError("UNAVAILABLE", "server is busy", { retryable: true });
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
