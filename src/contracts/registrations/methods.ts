import type { OperatorScope } from "./scopes.ts";

/** Answers a call, once; with `ok: false` by `error`. */
export type GatewayRespond = (
  ok: boolean,
  payload?: unknown,
  error?: { code: string; message: string; details?: unknown },
  meta?: Record<string, unknown>,
) => void;

/** A call of a gateway method. */
export interface GatewayMethodContext {
  params: unknown;
  respond: GatewayRespond;
  client?: { connId?: string; scopes?: readonly string[]; [extra: string]: unknown };
  context?: unknown;
  [extra: string]: unknown;
}

/** Answers by `respond`, or by what it returns; a throw is an error response. */
export type GatewayMethodHandler = (context: GatewayMethodContext) => unknown;

/** What a gateway method asks of its caller: a scope of operators, or `node` for connected nodes and nobody else. */
export type GatewayMethodScope = OperatorScope | "node";

/** Who may call a gateway method. */
export interface GatewayMethodOptions {
  /** Default `operator.admin`. Another than these refuses the method. */
  scope?: GatewayMethodScope;
  profileAccess?: "independent" | "required";
}

/** A row of kind `gatewayMethod`. */
export interface GatewayMethodRegistration {
  readonly name: string;
  readonly scope: GatewayMethodScope;
  readonly profileAccess?: "independent" | "required";
  handler: GatewayMethodHandler;
}
