import type { ApprovalDecision, ToolApprovalRequest } from "../../contracts/hooks.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ShownTool } from "./tool-metadata.ts";

export const DEFAULT_APPROVAL_TIMEOUT_MS = 120_000;
export const MAX_APPROVAL_TIMEOUT_MS = 600_000;
export const MAX_APPROVAL_TITLE = 80;
export const MAX_APPROVAL_DESCRIPTION = 512;
/** Questions that may be open at once; the next one counts as refused. */
export const MAX_OPEN_APPROVALS = 256;
/** Answered questions that are remembered, so that a second answer gets the first one's. */
export const MAX_SETTLED_APPROVALS = 512;

const DECISIONS: readonly ApprovalDecision[] = ["allow-once", "allow-always", "deny"];

/** What an operator is shown. */
export interface ApprovalQuestion {
  pluginId: string;
  title: string;
  description?: string;
  severity?: string;
  toolName?: string;
  toolCallId?: string;
  /** How the tool's own plugin describes it. */
  tool?: ShownTool;
  agentId?: string;
  sessionKey?: string;
  runId?: string;
  scope?: unknown;
  allowedDecisions: readonly ApprovalDecision[];
}

export interface OpenApproval {
  id: string;
  request: ApprovalQuestion;
  createdAtMs: number;
  expiresAtMs: number;
}

/** `null`: nobody decided, see `terminalReason`. */
export interface ApprovalOutcome {
  id: string;
  decision: ApprovalDecision | null;
  createdAtMs: number;
  expiresAtMs: number;
  resolvedBy?: string;
  terminalReason?: "timeout" | "cancelled" | "no-approval-route";
}

interface Pending extends OpenApproval {
  settled: Promise<ApprovalOutcome>;
  settle(outcome: ApprovalOutcome): void;
  timer: Disposable;
}

export interface PluginApprovalsOptions {
  clock: Clock;
  logger: Logger;
  /** Whether somebody who may decide is there to be asked. */
  hasRoute(): boolean;
}

export type ApprovalEvent =
  | ({ kind: "requested" } & OpenApproval)
  | {
      kind: "resolved";
      id: string;
      decision: ApprovalDecision | null;
      resolvedBy?: string;
      ts: number;
      request: ApprovalQuestion;
    };

/**
 * Questions that plugins put to operators (plugin-sdk spec 4.8, protocol 5.11). The first answer counts; late,
 * cancelled and unroutable questions are refusals.
 */
export class PluginApprovals implements Disposable {
  readonly #options: PluginApprovalsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #settled = new Map<string, ApprovalOutcome>();
  readonly #events: Emitter<ApprovalEvent>;

  constructor(options: PluginApprovalsOptions) {
    this.#options = options;
    this.#events = new Emitter((error) =>
      options.logger.warn("a listener of approvals failed", { error: errorMessage(error) }),
    );
  }

  onEvent(listener: (event: ApprovalEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  /** Puts a question. Without a route, or with too many open, it has ended when this returns. */
  request(question: ApprovalQuestion, timeoutMs = DEFAULT_APPROVAL_TIMEOUT_MS): OpenApproval {
    const { clock } = this.#options;
    const id = `plugin:${newUuid()}`;
    const createdAtMs = clock.now();
    const waitMs = Math.min(Math.max(timeoutMs, 1), MAX_APPROVAL_TIMEOUT_MS);
    const facts = { id, createdAtMs, expiresAtMs: createdAtMs + waitMs };
    if (!this.#options.hasRoute() || this.#pending.size >= MAX_OPEN_APPROVALS) {
      this.#remember({ ...facts, decision: null, terminalReason: "no-approval-route" });
      return { ...facts, request: question };
    }
    let settle = (_outcome: ApprovalOutcome) => {};
    const settled = new Promise<ApprovalOutcome>((resolve) => {
      settle = resolve;
    });
    const timer = clock.after(waitMs, () => this.#end(id, { decision: null, terminalReason: "timeout" }));
    this.#pending.set(id, { ...facts, request: question, settled, settle, timer });
    this.#events.emit({ kind: "requested", ...facts, request: question });
    return { ...facts, request: question };
  }

  /** The outcome, when there is one. @throws SluiceError `INVALID_REQUEST` for an unknown id */
  async wait(id: string): Promise<ApprovalOutcome> {
    const outcome = this.#settled.get(id) ?? (await this.#pending.get(id)?.settled);
    if (!outcome) throw unknown();
    return outcome;
  }

  list(): OpenApproval[] {
    return [...this.#pending.values()].map(({ id, request, createdAtMs, expiresAtMs }) => ({
      id,
      request,
      createdAtMs,
      expiresAtMs,
    }));
  }

  /**
   * Decides. `id` may be an unambiguous prefix; the same decision again changes nothing.
   *
   * @throws SluiceError `INVALID_REQUEST`: unknown or ended, decided otherwise, or not on offer
   */
  resolve(id: string, decision: ApprovalDecision, resolvedBy?: string): void {
    const known = this.#settled.get(id);
    if (known) {
      if (known.decision === decision) return;
      throw known.decision === null
        ? unknown()
        : new SluiceError("INVALID_REQUEST", "approval already resolved");
    }
    const matches = [...this.#pending.keys()].filter(
      (key) => key.startsWith(id) || key.startsWith(`plugin:${id}`),
    );
    const pending =
      this.#pending.get(id) ?? (matches.length === 1 ? this.#pending.get(matches[0] ?? "") : undefined);
    if (!pending) throw unknown();
    if (!pending.request.allowedDecisions.includes(decision)) {
      throw new SluiceError(
        "INVALID_REQUEST",
        `this approval offers ${pending.request.allowedDecisions.join(", ")}`,
      );
    }
    this.#end(pending.id, { decision, ...(resolvedBy === undefined ? {} : { resolvedBy }) });
  }

  /** Asks for a tool call and tells the plugin how it ended; anything but an allowance refuses. */
  async ask(
    approval: ToolApprovalRequest,
    call: Pick<ApprovalQuestion, "toolName" | "toolCallId" | "tool" | "agentId" | "sessionKey" | "runId">,
    signal: AbortSignal,
  ): Promise<{ allowed: boolean; reason: string }> {
    const opened = this.request(questionOf(approval, call), approval.timeoutMs);
    const cancel = () => this.#end(opened.id, { decision: null, terminalReason: "cancelled" });
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const outcome = await this.wait(opened.id).finally(() => signal.removeEventListener("abort", cancel));
    this.#notify(approval, outcome);
    const { decision, terminalReason } = outcome;
    if (decision === "allow-once" || decision === "allow-always") return { allowed: true, reason: "" };
    if (decision === "deny") return { allowed: false, reason: "The call was denied." };
    if (terminalReason === "timeout") {
      return { allowed: false, reason: approval.timeoutReason ?? "The call was not approved in time." };
    }
    return terminalReason === "cancelled"
      ? { allowed: false, reason: "The approval was cancelled." }
      : { allowed: false, reason: "The call needs an approval and nobody is there to give it." };
  }

  dispose(): void {
    for (const id of [...this.#pending.keys()])
      this.#end(id, { decision: null, terminalReason: "cancelled" });
  }

  #notify(approval: ToolApprovalRequest, { decision, terminalReason }: ApprovalOutcome): void {
    const told = decision ?? (terminalReason === "timeout" ? "timeout" : "cancelled");
    const complain = (error: unknown) =>
      this.#options.logger.warn("onResolution of an approval failed", { error: errorMessage(error) });
    try {
      Promise.resolve(approval.onResolution?.(told)).catch(complain);
    } catch (error) {
      complain(error);
    }
  }

  #end(id: string, end: Pick<ApprovalOutcome, "decision" | "terminalReason" | "resolvedBy">): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    void pending.timer.dispose();
    const { createdAtMs, expiresAtMs, request } = pending;
    const outcome = { id, createdAtMs, expiresAtMs, ...end };
    this.#remember(outcome);
    pending.settle(outcome);
    const { decision, resolvedBy } = end;
    this.#events.emit({
      kind: "resolved",
      id,
      decision,
      ts: this.#options.clock.now(),
      request,
      ...(resolvedBy === undefined ? {} : { resolvedBy }),
    });
  }

  #remember(outcome: ApprovalOutcome): void {
    this.#settled.set(outcome.id, outcome);
    const oldest = this.#settled.keys().next().value;
    if (this.#settled.size > MAX_SETTLED_APPROVALS && oldest !== undefined) this.#settled.delete(oldest);
  }
}

function questionOf(approval: ToolApprovalRequest, call: object): ApprovalQuestion {
  const offered = approval.allowedDecisions?.filter((decision) => DECISIONS.includes(decision));
  return {
    ...call,
    pluginId: approval.pluginId ?? "",
    title: String(approval.title).slice(0, MAX_APPROVAL_TITLE),
    description: String(approval.description ?? "").slice(0, MAX_APPROVAL_DESCRIPTION),
    severity: approval.severity ?? "warning",
    allowedDecisions: offered?.length ? offered : DECISIONS,
    ...(isScope(approval.scope) ? { scope: approval.scope } : {}),
  };
}

/** What a scope may describe; anything else is left out rather than shown. */
function isScope(scope: unknown): boolean {
  if (typeof scope !== "object" || scope === null) return false;
  const { kind } = scope as { kind?: unknown };
  return (
    ["message-send", "payment", "external-post"].includes(String(kind)) &&
    JSON.stringify(scope).length < 2_000
  );
}

function unknown(): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", "approval expired or not found", {
    details: { reason: "APPROVAL_NOT_FOUND" },
  });
}
