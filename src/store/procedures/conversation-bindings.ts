import type { Transaction } from "../engine/types.ts";

/** Conversations that plugins may own at once, over the whole gateway. */
export const MAX_BOUND_CONVERSATIONS = 1_000;
/** How long a binding that was denied or detached is kept for whoever looks back. */
export const SETTLED_BINDING_MS = 30 * 24 * 60 * 60_000;
const TRIM_BATCH = 16;

/** One place where people talk; `threadId` is `""` outside threads. */
export interface ConversationKey {
  channel: string;
  accountId: string;
  conversationId: string;
  threadId: string;
}

export type BindingStatus = "pending" | "bound" | "denied" | "expired" | "detached";

export interface BindingDetails {
  summary?: string;
  detachHint?: string;
  data?: unknown;
  parentConversationId?: string;
  requestedBySenderId?: string;
}

export interface BindingRecord extends ConversationKey {
  bindingId: string;
  pluginId: string;
  pluginRoot: string;
  details: BindingDetails;
  approvalId?: string;
  status: BindingStatus;
  decision?: string;
  createdAt: number;
  boundAt?: number;
}

interface BindingRow {
  binding_id: string;
  plugin_id: string;
  plugin_root: string;
  channel: string;
  account_id: string;
  conversation_id: string;
  thread_id: string;
  details: string;
  approval_id: string | null;
  status: BindingStatus;
  decision: string | null;
  created_at: number;
  bound_at: number | null;
}

function toRecord(row: BindingRow): BindingRecord {
  return {
    bindingId: row.binding_id,
    pluginId: row.plugin_id,
    pluginRoot: row.plugin_root,
    channel: row.channel,
    accountId: row.account_id,
    conversationId: row.conversation_id,
    threadId: row.thread_id,
    details: JSON.parse(row.details) as BindingDetails,
    ...(row.approval_id === null ? {} : { approvalId: row.approval_id }),
    status: row.status,
    ...(row.decision === null ? {} : { decision: row.decision }),
    createdAt: row.created_at,
    ...(row.bound_at === null ? {} : { boundAt: row.bound_at }),
  };
}

const OF_CONVERSATION = "channel = ? AND account_id = ? AND conversation_id = ? AND thread_id = ?";

async function boundTo(tx: Transaction, key: ConversationKey): Promise<BindingRow | undefined> {
  return tx.get<BindingRow>(
    `SELECT * FROM conversation_bindings WHERE status = 'bound' AND ${OF_CONVERSATION}`,
    key.channel,
    key.accountId,
    key.conversationId,
    key.threadId,
  );
}

export interface BindInput extends ConversationKey {
  bindingId: string;
  pluginId: string;
  pluginRoot: string;
  details: BindingDetails;
  /** The operator is being asked; absent: only a standing permission binds. */
  approvalId?: string;
  now: number;
}

export type BindOutput =
  | { outcome: "bound" | "pending"; record: BindingRecord }
  /** `ask`: an operator has to agree first. */
  | { outcome: "ask" | "taken" | "full" };

/** Binds a conversation, records that it was asked for, or says why it cannot be. */
async function bind(tx: Transaction, input: BindInput): Promise<BindOutput> {
  const { pluginId, approvalId, now } = input;
  const owner = await boundTo(tx, input);
  if (owner && owner.plugin_id !== pluginId) return { outcome: "taken" };
  if (owner) {
    const row = await tx.get<BindingRow>(
      "UPDATE conversation_bindings SET details = ?, plugin_root = ? WHERE binding_id = ? RETURNING *",
      JSON.stringify(input.details),
      input.pluginRoot,
      owner.binding_id,
    );
    return { outcome: "bound", record: toRecord(row as BindingRow) };
  }
  const bound = await tx.get<{ total: number }>(
    "SELECT COUNT(*) AS total FROM conversation_bindings WHERE status = 'bound'",
  );
  if ((bound?.total ?? 0) >= MAX_BOUND_CONVERSATIONS) return { outcome: "full" };
  const granted = await tx.get(
    "SELECT granted_at FROM conversation_binding_grants WHERE plugin_id = ? AND channel = ? AND account_id = ?",
    pluginId,
    input.channel,
    input.accountId,
  );
  if (!granted && approvalId === undefined) return { outcome: "ask" };
  await trim(tx, now);
  const status = granted ? "bound" : "pending";
  const row = await tx.get<BindingRow>(
    `INSERT INTO conversation_bindings (binding_id, plugin_id, plugin_root, channel, account_id, conversation_id,
       thread_id, details, approval_id, status, decision, created_at, bound_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    input.bindingId,
    pluginId,
    input.pluginRoot,
    input.channel,
    input.accountId,
    input.conversationId,
    input.threadId,
    JSON.stringify(input.details),
    approvalId ?? null,
    status,
    granted ? "allow-always" : null,
    now,
    granted ? now : null,
  );
  return { outcome: status, record: toRecord(row as BindingRow) };
}

async function trim(tx: Transaction, now: number): Promise<void> {
  await tx.run(
    `DELETE FROM conversation_bindings WHERE binding_id IN (
       SELECT binding_id FROM conversation_bindings WHERE settled_at IS NOT NULL AND settled_at < ?
       ORDER BY settled_at LIMIT ${TRIM_BATCH})`,
    now - SETTLED_BINDING_MS,
  );
}

/**
 * Applies the end of an approval to the binding that waits for it. `undefined` when none does. Somebody who
 * bound the conversation meanwhile keeps it.
 */
async function settle(
  tx: Transaction,
  input: { approvalId: string; decision: "allow-once" | "allow-always" | "deny" | null; now: number },
): Promise<BindingRecord | undefined> {
  const { approvalId, decision, now } = input;
  const asked = await tx.get<BindingRow>(
    "SELECT * FROM conversation_bindings WHERE approval_id = ? AND status = 'pending'",
    approvalId,
  );
  if (!asked) return undefined;
  const allowed = decision === "allow-once" || decision === "allow-always";
  const taken = allowed && (await boundTo(tx, toRecord(asked))) !== undefined;
  const status: BindingStatus = allowed && !taken ? "bound" : decision === null ? "expired" : "denied";
  if (status === "bound" && decision === "allow-always") {
    await tx.run(
      `INSERT INTO conversation_binding_grants (plugin_id, channel, account_id, granted_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (plugin_id, channel, account_id) DO NOTHING`,
      asked.plugin_id,
      asked.channel,
      asked.account_id,
      now,
    );
  }
  const row = await tx.get<BindingRow>(
    `UPDATE conversation_bindings SET status = ?, decision = ?, bound_at = ?, settled_at = ?
     WHERE binding_id = ? RETURNING *`,
    status,
    decision,
    status === "bound" ? now : null,
    status === "bound" ? null : now,
    asked.binding_id,
  );
  return toRecord(row as BindingRow);
}

/** Procedures over conversations that plugins own (plugin-sdk spec 3.12): one owner each, durable. */
export const conversationBindingProcedures = {
  bind,
  settle,

  /** Gives a conversation back. With a plugin id only when that plugin owns it. */
  async detach(
    tx: Transaction,
    input: ConversationKey & { pluginId?: string; now: number },
  ): Promise<BindingRecord | undefined> {
    const owner = await boundTo(tx, input);
    if (!owner || (input.pluginId !== undefined && owner.plugin_id !== input.pluginId)) return undefined;
    const row = await tx.get<BindingRow>(
      "UPDATE conversation_bindings SET status = 'detached', settled_at = ? WHERE binding_id = ? RETURNING *",
      input.now,
      owner.binding_id,
    );
    return row && toRecord(row);
  },

  /** The binding that an approval was asked for. */
  async ofApproval(tx: Transaction, input: { approvalId: string }): Promise<BindingRecord | undefined> {
    const row = await tx.get<BindingRow>(
      "SELECT * FROM conversation_bindings WHERE approval_id = ?",
      input.approvalId,
    );
    return row && toRecord(row);
  },

  /** Every conversation that has an owner. */
  async bound(tx: Transaction, _input: Record<string, never>): Promise<BindingRecord[]> {
    const rows = await tx.all<BindingRow>(
      "SELECT * FROM conversation_bindings WHERE status = 'bound' ORDER BY bound_at, binding_id LIMIT ?",
      MAX_BOUND_CONVERSATIONS,
    );
    return rows.map(toRecord);
  },

  /** Bindings whose approval has ended without their hearing of it: the gateway stopped in between. */
  async unheard(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ approvalId: string; decision: "allow-once" | "allow-always" | "deny" | null }[]> {
    const rows = await tx.all<{
      approval_id: string;
      decision: "allow-once" | "allow-always" | "deny" | null;
    }>(
      `SELECT b.approval_id AS approval_id, a.decision AS decision FROM conversation_bindings b
       LEFT JOIN approvals a ON a.approval_id = b.approval_id
       WHERE b.status = 'pending' AND (a.status IS NULL OR a.status <> 'pending')`,
    );
    return rows.map(({ approval_id: approvalId, decision }) => ({ approvalId, decision }));
  },
};
