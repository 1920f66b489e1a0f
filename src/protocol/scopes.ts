/** Roles, scopes and what one scope implies (spec 3.1, 3.2). */

export type Role = "operator" | "node";

export const OPERATOR_SCOPES = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.sessions.read",
  "operator.sessions.write",
  "operator.approvals",
  "operator.questions",
  "operator.pairing",
  "operator.talk",
  "operator.talk.secrets",
] as const;

export type OperatorScope = (typeof OPERATOR_SCOPES)[number];

/**
 * What a method asks of its caller: a scope; `node` (only node connections); `none` (any authenticated
 * connection, as for `health`).
 */
export type MethodScope = OperatorScope | "node" | "none";

const IMPLIED: Partial<Record<OperatorScope, readonly OperatorScope[]>> = {
  "operator.write": ["operator.read", "operator.talk", "operator.sessions.read", "operator.sessions.write"],
  "operator.read": ["operator.sessions.read"],
  "operator.sessions.write": ["operator.sessions.read"],
};

export function isOperatorScope(value: unknown): value is OperatorScope {
  return (OPERATOR_SCOPES as readonly unknown[]).includes(value);
}

/** True when holding `held` satisfies `required`. */
export function satisfies(held: Iterable<string>, required: OperatorScope): boolean {
  for (const scope of held) {
    if (scope === required || scope === "operator.admin") return true;
    if (IMPLIED[scope as OperatorScope]?.includes(required)) return true;
  }
  return false;
}

/** True when `held` covers every scope of `wanted`. */
export function coversAll(held: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) =>
    isOperatorScope(scope) ? satisfies(held, scope) : held.includes(scope) || held.includes("operator.admin"),
  );
}

const ADMIN_METHOD_PREFIXES = ["exec.approval.", "exec.approvals.", "config.", "wizard.", "update."] as const;

/** Names that need `operator.admin` whatever a plugin declared for its method (spec 3.5). */
export function isAdminMethodName(name: string): boolean {
  return ADMIN_METHOD_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Methods that `operator.sessions.read` opens in place of `operator.read`. */
const SESSIONS_READ = new Set(
  (
    "sessions.list sessions.subscribe sessions.messages.subscribe sessions.messages.unsubscribe " +
    "sessions.viewers.set sessions.preview sessions.describe sessions.branches.list sessions.get " +
    "sessions.resolve sessions.search sessions.files.list sessions.files.get sessions.setInvolvement " +
    "chat.history chat.startup chat.metadata chat.message.get session.members.list session.members.listEvidence"
  ).split(" "),
);

/** Methods that `operator.sessions.write` opens in place of `operator.write`. */
const SESSIONS_WRITE = new Set(
  (
    "question.request question.waitAnswer question.resolve question.get question.list chat.send chat.abort " +
    "sessions.create sessions.patch sessions.patchMany sessions.delete sessions.fork sessions.recover " +
    "sessions.send sessions.steer sessions.abort sessions.goal.update sessions.goal.clear"
  ).split(" "),
);

/** The narrow scope that may stand in for the required one on this method, if there is one. */
export function substituteScope(method: string, required: OperatorScope): OperatorScope | undefined {
  if (SESSIONS_WRITE.has(method) && required !== "operator.admin") return "operator.sessions.write";
  if (SESSIONS_READ.has(method) && required !== "operator.admin") return "operator.sessions.read";
  return undefined;
}
