import { errorMessage } from "../../kernel/errors.ts";

/** Questions that wait; the oldest is dropped for one more. */
export const MAX_WAITING_QUESTIONS = 32;

export interface TalkbackOptions {
  /** Sentences that follow each other this fast are one question. */
  debounceMs: number;
  isStopped(): boolean;
  logger: { info?(line: string): void; warn(line: string): void };
  logPrefix: string;
  responseStyle: string;
  /** Spoken when the agent could not answer. */
  fallbackText: string;
  consult(question: {
    question: string;
    responseStyle: string;
    metadata?: unknown;
  }): Promise<{ text: string }>;
  deliver(text: string): void;
}

/** Asks the agent what a speaker said, one question after the other, and has the answers spoken. */
export function createRealtimeVoiceAgentTalkbackQueue(options: TalkbackOptions) {
  const waiting: { question: string; metadata?: unknown }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  let closed = false;
  const over = () => closed || options.isStopped();

  const work = async () => {
    if (working) return;
    working = true;
    try {
      for (let next = waiting.shift(); next && !over(); next = waiting.shift()) {
        const text = await answer(next);
        if (text !== "" && !over()) options.deliver(text);
      }
    } finally {
      working = false;
    }
  };
  const answer = async (asked: { question: string; metadata?: unknown }): Promise<string> => {
    try {
      return (await options.consult({ ...asked, responseStyle: options.responseStyle })).text.trim();
    } catch (error) {
      if (!over())
        options.logger.warn(`${options.logPrefix}: the agent did not answer: ${errorMessage(error)}`);
      return options.fallbackText;
    }
  };
  return {
    enqueue(question: string, metadata?: unknown): void {
      const text = question.trim();
      if (text === "" || over()) return;
      const last = waiting.at(-1);
      if (last && timer && last.metadata === metadata) last.question += `\n${text}`;
      else waiting.push({ question: text, ...(metadata === undefined ? {} : { metadata }) });
      if (waiting.length > MAX_WAITING_QUESTIONS) waiting.shift();
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        void work();
      }, options.debounceMs);
    },
    isIdle: () => !working && waiting.length === 0 && timer === undefined,
    close(): void {
      closed = true;
      clearTimeout(timer);
      timer = undefined;
      waiting.length = 0;
    },
  };
}
