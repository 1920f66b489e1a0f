import { SluiceError } from "../../kernel/errors.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type MethodScope, satisfies, substituteScope } from "../../protocol/scopes.ts";
import type { Caller } from "./caller.ts";

/** Thrown for a caller of the wrong role; more than ten in a row close the socket (spec 3.1). */
export class RoleViolation extends SluiceError<ErrorCode> {
  constructor(role: string) {
    super("INVALID_REQUEST", `unauthorized role: ${role}`);
  }
}

/** True when the caller's role may call a method of this scope at all. */
export function roleAllows(caller: Caller, scope: MethodScope): boolean {
  if (scope === "none") return true;
  return (scope === "node") === (caller.role === "node");
}

/**
 * Decides whether the caller may call the method (spec 3.3).
 *
 * @throws RoleViolation, or `FORBIDDEN` naming the missing scope
 */
export function authorise(caller: Caller, method: string, scope: MethodScope): void {
  if (scope === "none") return;
  if (!roleAllows(caller, scope)) throw new RoleViolation(caller.role);
  if (scope === "node" || satisfies(caller.scopes, scope)) return;
  const substitute = substituteScope(method, scope);
  if (substitute !== undefined && satisfies(caller.scopes, substitute)) return;
  throw new SluiceError<ErrorCode>("FORBIDDEN", `missing scope: ${scope}`, {
    details: { code: "MISSING_SCOPE", missingScope: scope, requiredScopes: [scope] },
  });
}
