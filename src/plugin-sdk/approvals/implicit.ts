/** Shared by every copy of the SDK in the process. */
const MARKED = Symbol.for("sluice.plugin-sdk.implicit-approvals");

function marked(): WeakSet<object> {
  const slots = globalThis as unknown as Record<symbol, WeakSet<object> | undefined>;
  slots[MARKED] ??= new WeakSet();
  return slots[MARKED];
}

/** Marks a permission that only follows from being in the same chat: there are no named approvers. */
export function markImplicitSameChatApprovalAuthorization<Permission extends object>(
  permission: Permission,
): Permission {
  marked().add(permission);
  return permission;
}

export function isImplicitSameChatApprovalAuthorization(permission: object | null | undefined): boolean {
  return permission !== null && permission !== undefined && marked().has(permission);
}
