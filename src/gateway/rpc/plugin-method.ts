import type { TSchema } from "typebox";
import type { GatewayMethodRegistration, GatewayRespond } from "../../contracts/registrations.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { gatewayRequestScope } from "../../plugins/loading/request-scope.ts";
import type { RegistryEntry } from "../../plugins/types.ts";
import { type ErrorCode, isErrorCode } from "../../protocol/error-codes.ts";
import type { Caller } from "./caller.ts";
import type { Method, MethodContext } from "./method.ts";

export type RegisteredGatewayMethod = GatewayMethodRegistration;

/** The schema that fits every value; plugins check their own parameters. */
const ANYTHING: TSchema = {};

/**
 * A plugin's method as the one kind of method the dispatcher knows. A value the handler
 * returns is the answer; when it returns nothing, what it gave or will give to `respond` is. A throw is an
 * error response.
 */
export function pluginMethod(entry: RegistryEntry<RegisteredGatewayMethod>): Method {
  const registration = entry.value;
  return {
    name: registration.name ?? entry.key,
    scope: registration.scope,
    params: ANYTHING,
    result: ANYTHING,
    summary: `Method of the plugin ${entry.pluginId}.`,
    parks: true,
    handler: (context: MethodContext, params: never) => {
      const { signal } = context.caller;
      const client = { connect: connectOf(context.caller) };
      const scope = { client, pluginId: entry.pluginId, revalidate: () => signal.throwIfAborted() };
      return gatewayRequestScope().run(scope, () => run(registration, context, params));
    },
  };
}

/** What the caller connected as. */
function connectOf({ role, scopes, client }: Caller) {
  return { role, scopes: [...scopes], client };
}

/** How long a handler that returned nothing may keep `respond` for later. */
export const PLUGIN_ANSWER_LIMIT_MS = 600_000;

async function run(registration: GatewayMethodRegistration, context: MethodContext, params: unknown) {
  const { caller } = context;
  let answered = (_answer: () => unknown) => {};
  const answer = new Promise<unknown>((resolve) => {
    answered = (take) => resolve(take);
  });
  const respond: GatewayRespond = (ok, payload, error) => {
    answered(() => {
      if (ok) return payload;
      throw asError(error);
    });
  };
  const stop = () => respond(false, undefined, { code: "UNAVAILABLE", message: "the caller is gone" });
  caller.signal.addEventListener("abort", stop, { once: true });
  let timer: Disposable | undefined;
  try {
    const { config } = context.services;
    const given = params ?? {};
    const returned = await registration.handler({
      req: { type: "req", id: context.requestId, method: context.method, params: given },
      params: given,
      respond,
      client: {
        connId: caller.connId,
        scopes: caller.scopes,
        role: caller.role,
        deviceId: caller.deviceId,
        client: caller.client,
        connect: connectOf(caller),
      },
      context: { getRuntimeConfig: () => config.current().config },
      signal: caller.signal,
      requestId: context.requestId,
    });
    if (returned !== undefined) return returned;
    timer = context.services.clock.after(PLUGIN_ANSWER_LIMIT_MS, () =>
      respond(false, undefined, { code: "UNAVAILABLE", message: `${context.method} gave no answer` }),
    );
    const take = (await answer) as () => unknown;
    return take();
  } finally {
    void timer?.dispose();
    caller.signal.removeEventListener("abort", stop);
  }
}

type GivenError = Parameters<GatewayRespond>[2];

/** The wire knows few codes; one of the plugin's own goes along where the structured ones go. */
function detailsOf(error: GivenError, code: ErrorCode): unknown {
  if (!error?.code || error.code === code) return error?.details;
  if (error.details === undefined) return { code: error.code };
  return isRecord(error.details) ? { code: error.code, ...error.details } : error.details;
}

function asError(error: GivenError): SluiceError {
  const code: ErrorCode = error && isErrorCode(error.code) ? error.code : "UNAVAILABLE";
  const details = detailsOf(error, code);
  return new SluiceError(code, error?.message ?? "the plugin reported a failure without a message", {
    ...(details === undefined ? {} : { details }),
    ...(error?.retryable === true ? { retryable: true } : {}),
    ...(typeof error?.retryAfterMs === "number" ? { retryAfterMs: error.retryAfterMs } : {}),
  });
}
