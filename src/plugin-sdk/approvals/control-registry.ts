import { randomBytes } from "node:crypto";

interface Binding {
  token: string;
  expiresAtMs: number;
}

type Settlement<B, Result> =
  | { kind: "missing" }
  | { kind: "in-flight" }
  | { kind: "not-found"; binding: B }
  | { kind: "settled"; binding: B; result: Result };

/** The buttons that a channel shows for approvals, by token; each of them decides once. */
export function createNativeApprovalControlRegistry<B extends Binding>(params: {
  /** Frees the claim of an approval that the host no longer knows, so that the button may be tried again. */
  releaseClaimOnLookupExpiry: boolean;
  onComplete?(binding: B): void;
}) {
  const bindings = new Map<string, B>();
  const claimed = new Set<string>();
  const forget = (token: string) => {
    bindings.delete(token);
    claimed.delete(token);
  };
  const get = (token: string): B | null => {
    const binding = bindings.get(token);
    if (!binding || binding.expiresAtMs > Date.now()) return binding ?? null;
    forget(token);
    return null;
  };
  return {
    createToken: () => randomBytes(18).toString("base64url"),
    register(binding: B): boolean {
      if (binding.token === "" || binding.expiresAtMs <= Date.now()) return false;
      bindings.set(binding.token, binding);
      return true;
    },
    get,
    values: () => bindings.values(),
    pruneExpired(nowMs: number): void {
      for (const { token, expiresAtMs } of [...bindings.values()]) if (expiresAtMs <= nowMs) forget(token);
    },
    unregister(tokens: readonly string[]): void {
      for (const token of tokens) forget(token);
    },
    async settle<Result>(
      token: string,
      resolveAndUpdate: (binding: B) => Promise<Result>,
    ): Promise<Settlement<B, Result>> {
      const binding = get(token);
      if (!binding) return { kind: "missing" };
      if (claimed.has(token)) return { kind: "in-flight" };
      claimed.add(token);
      try {
        const result = await resolveAndUpdate(binding);
        forget(token);
        params.onComplete?.(binding);
        return { kind: "settled", binding, result };
      } catch (error) {
        if (!isUnknownApproval(error)) {
          claimed.delete(token);
          throw error;
        }
        if (params.releaseClaimOnLookupExpiry) claimed.delete(token);
        else forget(token);
        return { kind: "not-found", binding };
      }
    },
  };
}

function isUnknownApproval(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === "APPROVAL_NOT_FOUND" || /unknown or expired approval/i.test(String(message ?? ""));
}
