import { resolveGlobalSingleton } from "../values/collections.ts";

/**
 * Owners (`<kind>:<id>`) whose secrets could not be resolved. The host fills it when it resolves the
 * configuration; a plugin asks before it connects, so that it fails with a reason instead of a wrong login.
 */
const unavailable = () =>
  resolveGlobalSingleton(
    Symbol.for("sluice.plugin-sdk.unavailable-secret-owners"),
    () => new Map<string, string>(),
  );

export function isSecretOwnerAvailable(ownerKind: string, ownerId: string): boolean {
  return !unavailable().has(`${ownerKind}:${ownerId}`);
}

export function assertSecretOwnerAvailable(ownerKind: string, ownerId: string): void {
  const reason = unavailable().get(`${ownerKind}:${ownerId}`);
  if (reason !== undefined)
    throw new Error(`the secrets of ${ownerKind} "${ownerId}" are not available: ${reason}`);
}
