import {
  type AssistantMessage,
  emptyUsage,
  type ToolResultMessage,
  type Usage,
} from "../../contracts/messages.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { NewTranscriptEntry } from "../../store/procedures/transcripts.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { ResolvedModel } from "../models/types.ts";
import { writableMessage } from "./message-write.ts";
import type { RunningTurn } from "./running-turn.ts";
import type { TurnParts } from "./turn-parts.ts";
import { priced, sum } from "./usage.ts";

/** What a run has said so far, as the transcript keeps it, and what that cost. */
export class TurnLedger {
  readonly #hooks: TurnParts["hooks"];
  readonly #turn: RunningTurn;
  #usage = emptyUsage();
  #answers: number;

  constructor(hooks: TurnParts["hooks"], turn: RunningTurn) {
    this.#hooks = hooks;
    this.#turn = turn;
    this.#answers = lastAnswer(turn.begun.own);
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** Answers in this run so far; numbers their idempotency keys. */
  get answers(): number {
    return this.#answers;
  }

  /** Something answered that is no model and costs nothing. */
  countAnswer(): void {
    this.#answers += 1;
  }

  /** A model answered: counts it and puts its price on it. */
  addAnswer(answer: AssistantMessage, model: ResolvedModel["model"]): void {
    this.countAnswer();
    const usage = priced(answer.usage ?? emptyUsage(), model.cost);
    answer.usage = usage;
    this.#usage = sum(this.#usage, usage);
    this.#turn.emit("usage", {
      outputTokens: usage.output,
      usage,
      provider: model.provider,
      model: model.id,
    });
  }

  async record(entries: NewTranscriptEntry[]): Promise<void> {
    if (entries.length > 0) await this.#turn.record(entries);
  }

  answerEntry(message: AssistantMessage): NewTranscriptEntry[] {
    return this.#entry(message, `${this.#turn.request.runId}:assistant:${this.#answers}`);
  }

  resultEntry(message: ToolResultMessage): NewTranscriptEntry[] {
    return this.#entry(message, `${this.#turn.request.runId}:tool:${this.#answers}:${message.toolCallId}`);
  }

  /** The message as the transcript keeps it; none when a plugin keeps it out. */
  #entry(message: AssistantMessage | ToolResultMessage, idempotencyKey: string): NewTranscriptEntry[] {
    const written = writableMessage(this.#hooks, message, this.#turn.request);
    if (!written) return [];
    const { role, ...rest } = written;
    // `role` first: readers of raw rows tell messages apart by their beginning.
    return [{ entryId: newUuid(), idempotencyKey, body: JSON.stringify({ role, ...rest }) }];
  }
}

/** The number of the newest recorded answer of a run; answers that were not kept have none. */
function lastAnswer(own: BegunTurn["own"]): number {
  const numbers = own.map(({ idempotencyKey }) =>
    Number(/:assistant:(\d+)$/.exec(idempotencyKey ?? "")?.[1] ?? 0),
  );
  return Math.max(0, ...numbers);
}
