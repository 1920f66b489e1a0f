import type { OperatorScope } from "./scopes.ts";

/** Answers a call, once; with `ok: false` by `error`, whose code goes into its details when the wire has no such code. */
export type GatewayRespond = (
  ok: boolean,
  payload?: unknown,
  error?: { code: string; message: string; details?: unknown; retryable?: boolean; retryAfterMs?: number },
  meta?: Record<string, unknown>,
) => void;

/** A call of a gateway method. */
export interface GatewayMethodContext {
  params: unknown;
  respond: GatewayRespond;
  /** The frame that asks. */
  req?: { type: "req"; id: string; method: string; params: unknown };
  /** Who asks; `connect` is what it connected as. */
  client?: {
    connId?: string;
    scopes?: readonly string[];
    connect?: { role: string; scopes: readonly string[]; [extra: string]: unknown };
    [extra: string]: unknown;
  };
  /** The gateway: its configuration as it is now. */
  context?: { getRuntimeConfig(): Readonly<Record<string, unknown>>; [extra: string]: unknown };
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
