import type { SessionAction } from "../../contracts/capabilities.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isJsonValue } from "../../plugins/registry/json-value.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import { type OperatorScope, satisfies } from "../../protocol/scopes.ts";
import { compileSchema } from "../../protocol/validation.ts";

export interface SessionActionCall {
  pluginId: string;
  actionId: string;
  sessionKey?: string;
  agentId?: string;
  payload?: unknown;
  client: { connId: string; scopes: readonly string[] };
}

export type SessionActionResult =
  | { ok: true; result?: unknown; continueAgent?: boolean; reply?: unknown }
  | { ok: false; error: string; code?: string; details?: unknown };

/** The scope a caller needs when an action names none. */
const DEFAULT_SCOPE: OperatorScope = "operator.write";

/**
 * Dispatches a client's call to the action a plugin registered (plugin-sdk spec 3.20).
 *
 * @throws SluiceError `UNAVAILABLE` (no such action, or it failed), `FORBIDDEN`, `INVALID_REQUEST`
 */
export async function runSessionAction(
  { registry, logger }: { registry: RegistryReader; logger: Logger },
  call: SessionActionCall,
): Promise<SessionActionResult> {
  const { pluginId, actionId, client } = call;
  const name = `${pluginId}/${actionId}`;
  const action = registry.current().get<SessionAction>("sessionAction", actionId, pluginId)?.value;
  if (!action) throw new SluiceError("UNAVAILABLE", `unknown plugin session action: ${name}`);
  const wanted: readonly OperatorScope[] = action.requiredScopes?.length
    ? action.requiredScopes
    : [DEFAULT_SCOPE];
  const missing = wanted.find((scope) => !satisfies(client.scopes, scope));
  if (missing !== undefined) {
    throw new SluiceError("FORBIDDEN", `missing scope: ${missing}`, {
      details: { code: "MISSING_SCOPE", missingScope: missing, requiredScopes: wanted },
    });
  }
  await checkPayload(action, call.payload);
  let returned: unknown;
  try {
    returned = await action.handler(call);
  } catch (error) {
    logger.error("a plugin's session action failed", { action: name, error: errorMessage(error) });
    throw new SluiceError("UNAVAILABLE", `plugin session action failed: ${name}`);
  }
  return readResult(returned, name);
}

async function checkPayload({ schema }: SessionAction, payload: unknown): Promise<void> {
  if (payload !== undefined && !isJsonValue(payload)) {
    throw new SluiceError("INVALID_REQUEST", "plugin session action payload must be JSON within the limits");
  }
  if (schema === undefined || schema === true) return;
  const check = schema === false ? undefined : await compileSchema(schema as never);
  if (check?.check(payload)) return;
  throw new SluiceError(
    "INVALID_REQUEST",
    `plugin session action payload does not match schema: ${check?.explain(payload) ?? "nothing is allowed"}`,
  );
}

function readResult(returned: unknown, name: string): SessionActionResult {
  if (returned === undefined || returned === null) return { ok: true };
  const fields = typeof returned === "object" ? (returned as Record<string, unknown>) : {};
  const { ok, result, reply, details, error, code, continueAgent } = fields;
  for (const value of [result, reply, details]) {
    if (value !== undefined && !isJsonValue(value)) {
      throw new SluiceError("UNAVAILABLE", `plugin session action gave no JSON: ${name}`);
    }
  }
  if (ok === false) {
    return {
      ok: false,
      error: typeof error === "string" ? error : "the action was refused",
      ...(typeof code === "string" ? { code } : {}),
      ...(details === undefined ? {} : { details }),
    };
  }
  return {
    ok: true,
    ...(result === undefined ? {} : { result }),
    ...(continueAgent === true ? { continueAgent } : {}),
    ...(reply === undefined ? {} : { reply }),
  };
}
