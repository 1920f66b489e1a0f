import { isOperatorScope, type OperatorScope, type Role, satisfies } from "../../protocol/scopes.ts";
import type { EventReceiver } from "../events/hub.ts";

/** What the client said about itself in `connect`. */
export interface CallerClient {
  id: string;
  mode: string;
  version: string;
  platform: string;
  displayName?: string;
  instanceId?: string;
}

/** Who makes a call: an operator's or node's connection, an HTTP request, or a plugin on behalf of one. */
export interface Caller {
  /** Names the connection; HTTP requests and plugin calls have one of their own. */
  readonly connId: string;
  readonly role: Role;
  /** What it may do; never more than was granted, whatever it asked for. */
  readonly scopes: readonly string[];
  readonly client: CallerClient;
  /** Announced in `connect.caps`; they never grant authority. */
  readonly capabilities: ReadonlySet<string>;
  readonly deviceId?: string | undefined;
  /** It showed the token of its own device, not the owner's secret. */
  readonly byDeviceToken?: boolean | undefined;
  /** Canonical address of the peer; keys rate limits. */
  readonly address: string;
  /** The connection's event side; absent for HTTP requests and plugin calls. */
  readonly receiver?: EventReceiver | undefined;
  /** Aborts when the connection or request is gone. */
  readonly signal: AbortSignal;
}

/** True when the caller holds `scope` or one that implies it. */
export function callerHas(caller: Caller, scope: OperatorScope): boolean {
  return caller.role === "operator" && satisfies(caller.scopes, scope);
}

/** The scopes of `wanted` that the caller may pass on: a plugin's call never exceeds its caller. */
export function narrowScopes(caller: Caller, wanted: readonly string[]): string[] {
  return wanted.filter((scope) => isOperatorScope(scope) && callerHas(caller, scope));
}

/** Who a decision is written down for: the device that was proven, not the name that a client gives itself. */
export function decidedBy(caller: Caller): { kind: "device"; id: string } {
  return { kind: "device", id: caller.deviceId ?? caller.client.id };
}
