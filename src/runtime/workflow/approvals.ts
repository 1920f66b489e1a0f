import type { ApprovalDecision, ToolApprovalRequest } from "../../contracts/hooks.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import type { ApprovalRecord, DecideOutput, ResolverKind } from "../../store/procedures/approvals.ts";
import { untilWritten } from "../../store/until-written.ts";
import {
  type ApprovalOutcome,
  type ApprovalQuestion,
  DECISIONS,
  type OpenApproval,
  openOf,
  outcomeOf,
  questionOf,
  type ToolCallQuestion,
  unknownApproval,
} from "./approval-question.ts";
import { approvalRef, isApprovalRef } from "./approval-ref.ts";
import { OpenQuestions } from "./open-questions.ts";
import { type ToolCallAnswer, tellPlugin, untilStopped, verdictOf } from "./tool-call-answer.ts";

export const DEFAULT_APPROVAL_TIMEOUT_MS = 120_000;
export const MAX_APPROVAL_TIMEOUT_MS = 600_000;

/** Settled approvals among which a reference is looked for. */
const REF_HISTORY = 100;

/** Who decided. */
export interface ApprovalResolver {
  kind: ResolverKind;
  id?: string;
}

export interface PluginApprovalsOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Whether somebody who may decide is there to be asked. */
  hasRoute(question: ApprovalQuestion): boolean;
}

export type ApprovalEvent =
  | ({ kind: "requested" } & OpenApproval)
  /** Still open after a restart. */
  | ({ kind: "restored" } & OpenApproval)
  | {
      kind: "resolved";
      id: string;
      decision: ApprovalDecision | null;
      resolvedBy?: string;
      ts: number;
      request: ApprovalQuestion;
    };

/**
 * Questions that plugins put to operators (plugin-sdk spec 4.8, protocol 5.11). Each is a row before anybody
 * sees it and ends exactly once; one that is open when the gateway stops is open after the restart, with the
 * same deadline. The first answer counts; late, cancelled and unroutable questions are refusals.
 */
export class PluginApprovals implements Disposable {
  readonly #options: PluginApprovalsOptions;
  readonly #questions: OpenQuestions;
  readonly #events: Emitter<ApprovalEvent>;
  readonly #stopped = new AbortController();

  constructor(options: PluginApprovalsOptions) {
    this.#options = options;
    this.#questions = new OpenQuestions(options.clock);
    this.#events = new Emitter((error) =>
      options.logger.warn("a listener of approvals failed", { error: errorMessage(error) }),
    );
  }

  onEvent(listener: (event: ApprovalEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  /** Takes up what an earlier process left open; what is past its deadline has ended when this resolves. */
  async restore(): Promise<void> {
    for (const record of await this.#options.store.call.approvals.pending({})) {
      if (record.expiresAt <= this.#options.clock.now()) await this.#end(record.id, "expired");
      else {
        this.#watch(record);
        this.#events.emit({ kind: "restored", ...openOf(record) });
      }
    }
  }

  /** Puts a question. Without a route, or with too many open, it has ended when this resolves; `routed` says there is one. */
  async request(
    question: ApprovalQuestion,
    timeoutMs = DEFAULT_APPROVAL_TIMEOUT_MS,
    options: { routed?: boolean } = {},
  ): Promise<OpenApproval & { open: boolean }> {
    const record = await this.#open(question, timeoutMs, undefined, options.routed);
    return { ...openOf(record), open: record.status === "pending" };
  }

  /** The outcome, when there is one. @throws SluiceError `INVALID_REQUEST` for an unknown id */
  async wait(id: string): Promise<ApprovalOutcome> {
    // Listening before looking: an end in between is not missed.
    const settled = this.#questions.outcome(id);
    const record = await this.#options.store.call.approvals.get({ id });
    if (record?.status === "pending") return settled;
    const outcome = record && outcomeOf(record);
    this.#questions.end(id, outcome);
    if (!outcome) throw unknownApproval();
    return outcome;
  }

  async list(): Promise<OpenApproval[]> {
    return (await this.#options.store.call.approvals.pending({})).map(openOf);
  }

  /**
   * Decides. `id` may be an unambiguous prefix or a reference (`approvalRef`); the same decision again changes
   * nothing.
   *
   * @throws SluiceError `INVALID_REQUEST`: unknown or ended, decided otherwise, or not on offer
   */
  async resolve(id: string, decision: ApprovalDecision, resolver?: ApprovalResolver): Promise<void> {
    const result = await this.#decide(id, decision, resolver);
    if (result.applied || result.why === "same") return;
    if (result.why === "settled") throw new SluiceError("INVALID_REQUEST", "approval already resolved");
    throw unknownApproval();
  }

  /**
   * Decides, or says what was decided before: the first answer wins and later ones get it.
   *
   * @throws SluiceError `INVALID_REQUEST`: unknown, or not on offer
   */
  async settle(
    id: string,
    decision: ApprovalDecision,
    resolver?: ApprovalResolver,
  ): Promise<{ applied: boolean; record: ApprovalRecord }> {
    const { applied, record } = await this.#decide(id, decision, resolver);
    if (!record) throw unknownApproval("approval not found");
    return { applied, record };
  }

  async #decide(id: string, decision: ApprovalDecision, resolver?: ApprovalResolver): Promise<DecideOutput> {
    const { store, clock } = this.#options;
    const result = await store.call.approvals.decide({
      id: await this.#named(id),
      decision,
      ...(resolver === undefined ? {} : { resolver }),
      now: clock.now(),
    });
    if (result.record && (result.applied || result.why === "late")) this.#announce(result.record);
    if (!result.applied && result.why === "not-offered") {
      const offered = (result.record?.allowed ?? DECISIONS).join(", ");
      throw new SluiceError("INVALID_REQUEST", `this approval offers ${offered}`);
    }
    return result;
  }

  /** The id behind a reference; buttons with little room carry one. */
  async #named(id: string): Promise<string> {
    if (!isApprovalRef(id)) return id;
    const { approvals } = this.#options.store.call;
    const pending = await approvals.pending({});
    const known = pending.find((one) => approvalRef(one.id) === id);
    if (known) return known.id;
    const settled = await approvals.history({ limit: REF_HISTORY });
    return settled.find((one) => approvalRef(one.id) === id)?.id ?? id;
  }

  /** An approval as it stands. @throws SluiceError `INVALID_REQUEST` for an unknown id */
  async get(id: string): Promise<ApprovalRecord> {
    const record = await this.#options.store.call.approvals.get({ id: await this.#named(id) });
    if (!record) throw unknownApproval("approval not found");
    return record;
  }

  /** Ends a question that nobody waits for any more. */
  async cancel(id: string): Promise<void> {
    await this.#end(id, "cancelled");
  }

  /**
   * Asks for a tool call and tells the plugin how it ended; anything but an allowance refuses. A call whose
   * turn was interrupted while it waited goes on with the question it put then.
   */
  async ask(
    approval: ToolApprovalRequest,
    call: ToolCallQuestion,
    signal: AbortSignal,
  ): Promise<ToolCallAnswer> {
    const record = await this.#open(questionOf(approval, call), approval.timeoutMs, call, call.routed);
    return this.goOn(record, signal, approval);
  }

  /**
   * Goes on waiting for the answer to a question that a call put before its turn was interrupted. `approval` is
   * what the plugin asks for when it is asked again; it is told how the first question ends.
   */
  async goOn(
    record: ApprovalRecord,
    signal: AbortSignal,
    approval?: ToolApprovalRequest,
  ): Promise<ToolCallAnswer> {
    const { id, params } = record;
    const stopped = untilStopped(signal, () => void this.#end(id, "cancelled"));
    const outcome = await Promise.race([this.wait(id), stopped.promise]).finally(stopped.dispose);
    if (!outcome) return { id, params, allowed: false, reason: "The gateway stopped." };
    if (approval) tellPlugin(approval, outcome, this.#options.logger);
    return { id, params, ...verdictOf(outcome, approval) };
  }

  /** Questions of a turn whose calls have not begun to act on an answer. */
  unused(runId: string): Promise<ApprovalRecord[]> {
    return this.#options.store.call.approvals.unused({ runId });
  }

  /** Begins to act on an allowance; false when the call may have begun before. */
  use(id: string): Promise<boolean> {
    return this.#options.store.call.approvals.use({ id, now: this.#options.clock.now() });
  }

  /** What is open stays open for the next process. */
  async dispose(): Promise<void> {
    this.#stopped.abort();
    await this.#questions.clear();
  }

  async #open(
    question: ApprovalQuestion,
    timeoutMs: number | undefined,
    call?: ToolCallQuestion,
    routed?: boolean,
  ): Promise<ApprovalRecord> {
    const { store, clock, hasRoute } = this.#options;
    const now = clock.now();
    const { runId, toolCallId } = call ?? {};
    const key = call?.callKey;
    const { created, record } = await store.call.approvals.open({
      id: `plugin:${newUuid()}`,
      ...(key && runId && toolCallId ? { call: { key, runId, toolCallId, params: call?.params } } : {}),
      request: question,
      allowed: question.allowedDecisions,
      routed: routed ?? hasRoute(question),
      expiresAt: now + waitOf(timeoutMs),
      now,
    });
    if (created && record.status === "pending") {
      this.#watch(record);
      this.#events.emit({ kind: "requested", ...openOf(record) });
    }
    return record;
  }

  #watch({ id, expiresAt }: ApprovalRecord): void {
    // No question waits for longer than one may, whatever the clock said when it was put.
    const latest = this.#options.clock.now() + MAX_APPROVAL_TIMEOUT_MS;
    this.#questions.watch(id, Math.min(expiresAt, latest), () => void this.#end(id, "expired"));
  }

  async #end(id: string, status: "expired" | "cancelled"): Promise<void> {
    const { store, clock, logger } = this.#options;
    try {
      // Somebody waits for this end: it is written however long the store takes nothing.
      const record = await untilWritten(
        "write the end of an approval",
        () => store.call.approvals.end({ id, status, now: clock.now() }),
        { clock, logger, stopped: this.#stopped.signal },
      );
      if (record) this.#announce(record);
    } catch (error) {
      // The row stays open; its deadline ends it at the next start.
      logger.error("the end of an approval could not be written", { id, error: errorMessage(error) });
    }
  }

  #announce(record: ApprovalRecord): void {
    const { id } = record;
    const outcome = outcomeOf(record);
    this.#questions.end(id, outcome);
    const { decision, resolvedBy } = outcome;
    this.#events.emit({
      kind: "resolved",
      id,
      decision,
      ts: record.settledAt ?? this.#options.clock.now(),
      request: openOf(record).request,
      ...(resolvedBy === undefined ? {} : { resolvedBy }),
    });
  }
}

/** How long a question stays open; plugins in JavaScript may ask for anything. */
function waitOf(wished: unknown): number {
  if (typeof wished !== "number" || Number.isNaN(wished)) return DEFAULT_APPROVAL_TIMEOUT_MS;
  return Math.min(Math.max(wished, 1), MAX_APPROVAL_TIMEOUT_MS);
}
