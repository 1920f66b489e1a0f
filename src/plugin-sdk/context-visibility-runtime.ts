import { resolveNormalizedAccountEntry } from "./accounts/account-ids.ts";
import { asRecordOrEmpty, readPath } from "./values/records.ts";

export type ContextVisibilityMode = "all" | "allowlist" | "allowlist_quote";

const MODES: readonly unknown[] = ["all", "allowlist", "allowlist_quote"];

/** How much of quoted and earlier messages the model sees (spec 1.7): account, channel, default, `all`. */
export function resolveChannelContextVisibilityMode(params: {
  cfg: object;
  channel: string;
  accountId?: string | null;
  configuredContextVisibility?: ContextVisibilityMode;
}): ContextVisibilityMode {
  if (params.configuredContextVisibility) return params.configuredContextVisibility;
  const section = asRecordOrEmpty(readPath(params.cfg, ["channels", params.channel]));
  const accounts = asRecordOrEmpty(section["accounts"]);
  const account = params.accountId ? resolveNormalizedAccountEntry(accounts, params.accountId) : undefined;
  const stated = [
    asRecordOrEmpty(account)["contextVisibility"],
    section["contextVisibility"],
    readPath(params.cfg, ["channels", "defaults", "contextVisibility"]),
  ].find((mode) => MODES.includes(mode));
  return (stated as ContextVisibilityMode | undefined) ?? "all";
}

type Kind = "quote" | "history" | "thread" | "forwarded";

export function shouldIncludeSupplementalContext(params: {
  mode: ContextVisibilityMode;
  kind: Kind;
  senderAllowed: boolean;
}): boolean {
  if (params.mode === "all" || params.senderAllowed) return true;
  return params.mode === "allowlist_quote" && params.kind === "quote";
}

export function evaluateSupplementalContextVisibility(params: {
  mode: ContextVisibilityMode;
  kind: Kind;
  senderAllowed: boolean;
}) {
  const include = shouldIncludeSupplementalContext(params);
  const reason =
    params.mode === "all"
      ? "mode_all"
      : params.senderAllowed
        ? "sender_allowed"
        : include
          ? "quote_override"
          : "blocked";
  return { include, reason };
}

export function filterSupplementalContextItems<T>(params: {
  items: readonly T[];
  mode: ContextVisibilityMode;
  kind: Kind;
  isSenderAllowed(item: T): boolean;
}): { items: T[]; omitted: number } {
  const items = params.items.filter((item) =>
    shouldIncludeSupplementalContext({ ...params, senderAllowed: params.isSenderAllowed(item) }),
  );
  return { items, omitted: params.items.length - items.length };
}
