import type { Transaction } from "../engine/types.ts";
import { mergeEntry, readSession, type SessionRecord } from "./session-rows.ts";

/** State of plugins in a session entry: `pluginExtensions[pluginId][namespace]` (plugin-sdk spec 3.19). */
export type PluginExtensionState = Record<string, Record<string, unknown>>;

/** Sessions looked at in one call of `forgetPlugin`. */
export const FORGET_BATCH = 500;

/** The state a session entry carries; empty when there is none. */
export function extensionState(entry: Readonly<Record<string, unknown>>): PluginExtensionState {
  const state = entry["pluginExtensions"];
  return typeof state === "object" && state !== null ? (state as PluginExtensionState) : {};
}

export interface PatchExtensionInput {
  sessionKey: string;
  pluginId: string;
  namespace: string;
  /** Absent: the state is removed. */
  value?: unknown;
  /** The entry field that mirrors the projected value; without a `value` it is removed. */
  slot?: { key: string; value?: unknown };
  now: number;
}

/** Procedures over the state plugins keep in sessions. */
export const sessionExtensionProcedures = {
  /** Sets or removes one value. `undefined` when the session does not exist. */
  async patch(tx: Transaction, input: PatchExtensionInput): Promise<SessionRecord | undefined> {
    const session = await readSession(tx, input.sessionKey);
    if (!session) return undefined;
    const state = extensionState(session.entry);
    const own = mergeEntry(state[input.pluginId] ?? {}, { [input.namespace]: input.value });
    // A stored null is a value, not an absence.
    if (input.value === null) own[input.namespace] = null;
    const all = mergeEntry(state, { [input.pluginId]: Object.keys(own).length > 0 ? own : null });
    const entry = mergeEntry(session.entry, {
      pluginExtensions: Object.keys(all).length > 0 ? all : null,
      ...(input.slot ? { [input.slot.key]: input.slot.value } : {}),
    });
    await tx.run(
      "UPDATE sessions SET entry = ?, updated_at = ? WHERE session_key = ?",
      JSON.stringify(entry),
      Math.max(input.now, session.updatedAt),
      input.sessionKey,
    );
    return readSession(tx, input.sessionKey);
  },

  /** Removes a plugin's state from a page of sessions; call again with `next` until there is none. */
  async forgetPlugin(
    tx: Transaction,
    input: { pluginId: string; slots: string[]; afterKey?: string },
  ): Promise<{ next?: string }> {
    const rows = await tx.all<{ session_key: string; entry: string }>(
      "SELECT session_key, entry FROM sessions WHERE session_key > ? ORDER BY session_key LIMIT ?",
      input.afterKey ?? "",
      FORGET_BATCH,
    );
    for (const row of rows) {
      const entry = JSON.parse(row.entry) as Record<string, unknown>;
      const state = extensionState(entry);
      if (state[input.pluginId] === undefined) continue;
      const rest = mergeEntry(state, { [input.pluginId]: null });
      const next = mergeEntry(entry, {
        ...Object.fromEntries(input.slots.map((slot) => [slot, null])),
        pluginExtensions: Object.keys(rest).length > 0 ? rest : null,
      });
      await tx.run(
        "UPDATE sessions SET entry = ? WHERE session_key = ?",
        JSON.stringify(next),
        row.session_key,
      );
    }
    const last = rows.at(-1)?.session_key;
    return rows.length === FORGET_BATCH && last !== undefined ? { next: last } : {};
  },
};
