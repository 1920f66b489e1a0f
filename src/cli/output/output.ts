import { shownJson, shownText } from "../../kernel/shown-text.ts";
import { describeError } from "../errors.ts";

export interface OutputOptions {
  json: boolean;
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  stderr: { write(text: string): unknown; isTTY?: boolean };
}

/**
 * Where a command speaks. Results go to stdout: one JSON document with `--json`, text for people
 * otherwise. Everything else (progress, hints, problems) goes to stderr, so that pipes stay clean.
 */
export class Output {
  readonly json: boolean;
  readonly #stdout: OutputOptions["stdout"];
  readonly #stderr: OutputOptions["stderr"];
  /** What goes on, the innermost last; only that one is shown. */
  readonly #underWay: object[] = [];
  #questions = 0;
  #hasProgressLine = false;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
  }

  /** Characters a line may have on the terminal; undefined when the output goes elsewhere. */
  get width(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined;
  }

  /** The result of the command: `value` as JSON, or what `text` makes of it. */
  result<T>(value: T, text: (value: T, width: number | undefined) => string): void {
    this.#stdout.write(
      `${this.json ? shownJson(JSON.stringify(value, null, 2)) : shownText(text(value, this.width))}\n`,
    );
  }

  /** One line of an endless result (`logs --follow`): as it is with `--json`, or what `text` makes of it. */
  line(stored: string, text: (stored: string) => string): void {
    this.#stdout.write(`${this.json ? shownJson(stored) : shownText(text(stored))}\n`);
  }

  note(text: string): void {
    this.#clearProgress();
    this.#stderr.write(`${shownText(text)}\n`);
  }

  /** What a program of the user's own says, colours and all. */
  relay(text: string): void {
    this.#clearProgress();
    this.#stderr.write(`${text}\n`);
  }

  /** A failure: `{"error": …}` on stdout with `--json`, a sentence on stderr otherwise. */
  failure(thrown: unknown): void {
    const error = describeError(thrown);
    if (this.json) this.#stdout.write(`${shownJson(JSON.stringify({ error }, null, 2))}\n`);
    else this.#stderr.write(`sluice: ${shownText(error.message)}\n`);
  }

  /** Says what is going on while `work` runs, once it takes longer than a person waits without wondering. */
  async progress<T>(label: string, work: Promise<T>): Promise<T> {
    const started = Date.now();
    const own = {};
    this.#underWay.push(own);
    const timer = setInterval(() => {
      if (this.#questions > 0 || this.#underWay.at(-1) !== own) return;
      const seconds = Math.round((Date.now() - started) / 1_000);
      if (this.#stderr.isTTY) {
        this.#stderr.write(`\r\u001b[K${label}… ${seconds} s`);
        this.#hasProgressLine = true;
      } else if (seconds % QUIET_REPEAT_SECONDS === 1) this.#stderr.write(`${label}… ${seconds} s\n`);
    }, 1_000);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      this.#underWay.splice(this.#underWay.indexOf(own), 1);
      this.#clearProgress();
    }
  }

  /** Writes no progress while `work` asks a person something: it would run over the question. */
  async question<T>(work: () => Promise<T>): Promise<T> {
    this.#clearProgress();
    this.#questions++;
    try {
      return await work();
    } finally {
      this.#questions--;
    }
  }

  #clearProgress(): void {
    if (!this.#hasProgressLine) return;
    this.#stderr.write("\r\u001b[K");
    this.#hasProgressLine = false;
  }
}

/** Without a terminal a line is written after the first second and then this often. */
const QUIET_REPEAT_SECONDS = 15;
