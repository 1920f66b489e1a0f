import { type Readable, Writable } from "node:stream";
import { WizardCancelledError } from "./cancelled.ts";
import type { SetupPrompter } from "./wizard-types.ts";

export interface TerminalPrompterOptions {
  input?: Readable & { isTTY?: boolean };
  output?: Writable & { isTTY?: boolean };
}

interface Choice<T> {
  value: T;
  label: string;
  hint?: string;
}

export type TerminalPrompter = SetupPrompter & {
  intro(title: string): Promise<void>;
  outro(message: string): Promise<void>;
  progress(label: string): { update(message: string): void; stop(message?: string): void };
};

/** Asks in the terminal, a line at a time. A secret is not shown while it is typed. */
export function createClackPrompter(options: TerminalPrompterOptions = {}): TerminalPrompter {
  const input = options.input ?? process.stdin;
  const output = options.output ?? process.stdout;
  const say = (text: string) => void output.write(`${text}\n`);

  const ask = async (question: string, sensitive = false): Promise<string> => {
    let isMuted = false;
    const screen = new Writable({
      write(chunk, _encoding, done) {
        if (!isMuted) output.write(chunk);
        done();
      },
    });
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input, output: screen, terminal: output.isTTY === true });
    const cancelled = new AbortController();
    lines.once("SIGINT", () => cancelled.abort());
    lines.once("close", () => cancelled.abort());
    try {
      const answer = lines.question(question, { signal: cancelled.signal });
      isMuted = sensitive;
      return await answer;
    } catch {
      throw new WizardCancelledError();
    } finally {
      lines.close();
      if (isMuted) say("");
    }
  };

  const text: SetupPrompter["text"] = async (params) => {
    const { initialValue, placeholder, sensitive, validate } = params;
    const hint = initialValue
      ? ` [${sensitive ? "keep" : initialValue}]`
      : placeholder
        ? ` (${placeholder})`
        : "";
    for (;;) {
      const typed = await ask(`${params.message}${hint}: `, sensitive);
      const value = typed === "" ? (initialValue ?? "") : typed;
      const problem = validate?.(value);
      if (problem === undefined) return value;
      say(problem);
    }
  };

  const list = (message: string, choices: readonly Choice<unknown>[]) => {
    say(message);
    for (const [index, { label, hint }] of choices.entries()) {
      say(`  ${index + 1}) ${label}${hint ? ` – ${hint}` : ""}`);
    }
  };

  const numbersIn = (answer: string, count: number): number[] | undefined => {
    const numbers = answer
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    return numbers.every((number) => Number.isInteger(number) && number >= 1 && number <= count)
      ? numbers
      : undefined;
  };

  return {
    intro: async (title) => say(title),
    outro: async (message) => say(message),
    note: async (message, title) => say(title ? `${title}\n${message}` : message),
    text,
    async confirm({ message, initialValue = true }) {
      for (;;) {
        const answer = (await ask(`${message} ${initialValue ? "[Y/n]" : "[y/N]"} `)).trim().toLowerCase();
        if (answer === "") return initialValue;
        if (/^(?:y|yes|n|no)$/.test(answer)) return answer.startsWith("y");
        say("Answer y or n.");
      }
    },
    async select<T>({ message, options: choices, initialValue }: Parameters<SetupPrompter["select"]>[0]) {
      const start = Math.max(
        0,
        choices.findIndex(({ value }) => value === initialValue),
      );
      list(message, choices);
      for (;;) {
        const answer = await ask(`Number [${start + 1}]: `);
        const numbers = answer.trim() === "" ? [start + 1] : numbersIn(answer, choices.length);
        const chosen = numbers?.length === 1 ? choices[(numbers[0] as number) - 1] : undefined;
        if (chosen) return chosen.value as T;
        say(`Give a number from 1 to ${choices.length}.`);
      }
    },
    async multiselect<T>(params: { message: string; options: Choice<T>[]; initialValues?: T[] }) {
      const { options: choices, initialValues = [] } = params;
      list(params.message, choices);
      const initial = choices.flatMap(({ value }, index) =>
        initialValues.includes(value) ? [index + 1] : [],
      );
      for (;;) {
        const answer = await ask(`Numbers, divided by commas [${initial.join(",")}]: `);
        const numbers = answer.trim() === "" ? initial : numbersIn(answer, choices.length);
        if (numbers) return [...new Set(numbers)].map((number) => (choices[number - 1] as Choice<T>).value);
        say(`Give numbers from 1 to ${choices.length}.`);
      }
    },
    progress(label) {
      say(`${label} …`);
      return {
        update: (message) => say(message),
        stop: (message) => {
          if (message !== undefined) say(message);
        },
      };
    },
  };
}
