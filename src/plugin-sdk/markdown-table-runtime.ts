import type { MarkdownTableMode } from "../channels/text/tables.ts";
import { resolveNormalizedAccountEntry } from "./accounts/account-ids.ts";
import { asRecordOrEmpty, readPath } from "./values/records.ts";

export { convertMarkdownTables } from "../channels/text/tables.ts";
export { getMarkdownTableSource } from "./text/markdown-tables.ts";

const MODES: readonly unknown[] = ["off", "bullets", "code", "block"];

/** How a channel shows tables: account, channel, the channel's default, `code`. */
export function resolveMarkdownTableMode(params: {
  cfg?: object;
  channel?: string | null;
  accountId?: string | null;
  defaultMode?: MarkdownTableMode;
}): MarkdownTableMode {
  const section = asRecordOrEmpty(readPath(params.cfg, ["channels", params.channel ?? ""]));
  const accounts = asRecordOrEmpty(section["accounts"]);
  const account = params.accountId ? resolveNormalizedAccountEntry(accounts, params.accountId) : undefined;
  const mode = readPath(account, ["markdown", "tables"]) ?? readPath(section, ["markdown", "tables"]);
  return MODES.includes(mode) ? (mode as MarkdownTableMode) : (params.defaultMode ?? "code");
}
