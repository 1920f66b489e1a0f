import type { Static, TSchema } from "typebox";
import type { MethodScope } from "../../protocol/scopes.ts";
import type { GatewayServices } from "../services.ts";
import type { Caller } from "./caller.ts";

/** What a handler is given besides its parameters. */
export interface MethodContext {
  readonly method: string;
  /** The frame's id; opaque. */
  readonly requestId: string;
  readonly caller: Caller;
  readonly services: GatewayServices;
  /**
   * Sends a first response now; what the handler returns (or throws) becomes the second one with the same
   * id. Only for methods the protocol documents so, such as `agent` (spec 1.2).
   */
  respond(payload: unknown): void;
}

/** A scope, or a rule that reads it from the validated parameters (spec 3.4). */
export type ScopeRule<PT = unknown> = MethodScope | ((params: PT) => MethodScope);

interface MethodFields<P extends TSchema, R extends TSchema, PT> {
  /** Dotted, as on the wire. */
  name: string;
  scope: ScopeRule<PT>;
  params: P;
  /** Documentation and typed client; checked by the conformance test, not on every call. */
  result: R;
  /** One sentence for people; the first words say what it does. */
  summary: string;
  /** True when repeating a call with the same `idempotencyKey` (or the same parameters) changes nothing more. */
  idempotent?: boolean;
  /** True when the handler waits for something slow; it then does not hold a handler slot. */
  parks?: boolean;
}

export interface MethodDefinition<P extends TSchema, R extends TSchema, PT = Static<P>, RT = Static<R>>
  extends MethodFields<P, R, PT> {
  handler(context: MethodContext, params: PT): RT | Promise<RT>;
}

/** A method as the dispatcher sees it: its types are erased after {@link method} checked them. */
export interface Method extends MethodFields<TSchema, TSchema, never> {
  handler(context: MethodContext, params: never): unknown;
}

/**
 * Declares one RPC method. Validation, authorisation, `hello-ok.features`, docs/rpc.md and the
 * conformance test all come from this one object.
 *
 * @example
 * export const wake = method({
 *   name: "wake",
 *   scope: "operator.write",
 *   params: Type.Object({ text: Type.String() }),
 *   result: Type.Object({ ok: Type.Boolean() }),
 *   summary: "Queues a system event for the main session.",
 *   handler: async ({ services }, { text }) => ({ ok: await services.systemEvents.queue(text) }),
 * });
 */
export function method<P extends TSchema, R extends TSchema, PT = Static<P>, RT = Static<R>>(
  definition: MethodDefinition<P, R, PT, RT>,
): Method {
  return definition as unknown as Method;
}

/** What a file of `gateway/methods/` exports by default. */
export type MethodGroup = readonly Method[];
