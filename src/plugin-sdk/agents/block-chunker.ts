/** Where a streamed text may be cut best. */
export interface BlockChunking {
  minChars: number;
  maxChars: number;
  breakPreference?: "paragraph" | "newline" | "sentence";
  /** Also cuts at the first paragraph's end before `minChars` are reached. */
  flushOnParagraph?: boolean;
}

interface Fence {
  mark: string;
  info: string;
}

const FENCE = /^ {0,3}(```+|~~~+)([^\n]*)$/;

/**
 * Cuts a text that arrives in pieces into blocks of `minChars` to `maxChars`, at paragraph, line or sentence
 * ends. A code block that has to be cut is closed and opened again, so that every block stands alone.
 */
export class EmbeddedBlockChunker {
  readonly #chunking: BlockChunking;
  #buffer = "";

  constructor(chunking: BlockChunking) {
    const maxChars = Math.max(1, Math.floor(chunking.maxChars));
    this.#chunking = {
      ...chunking,
      maxChars,
      minChars: Math.min(Math.max(1, Math.floor(chunking.minChars)), maxChars),
    };
  }

  append(text: string): void {
    this.#buffer += text;
  }

  reset(): void {
    this.#buffer = "";
  }

  get bufferedText(): string {
    return this.#buffer;
  }

  hasBuffered(): boolean {
    return this.#buffer.length > 0;
  }

  /** Hands out the blocks that are ready; with `force` all that is left as well. */
  drain(params: { force: boolean; emit(chunk: string): void }): void {
    const { minChars, maxChars, flushOnParagraph } = this.#chunking;
    for (;;) {
      if (this.#buffer.length === 0) return;
      const early = flushOnParagraph ? paragraphEnd(this.#buffer, maxChars) : undefined;
      if (early === undefined && this.#buffer.length < minChars && !params.force) return;
      const fits = this.#buffer.length <= maxChars;
      if (early === undefined && fits && params.force) {
        const rest = this.#buffer;
        this.#buffer = "";
        emitText(rest, params.emit);
        return;
      }
      const end = early ?? this.#breakBefore(fits);
      if (end === undefined) return;
      this.#cut(end, params.emit);
    }
  }

  /** Where to cut; `undefined` while waiting for more text may find a better place. */
  #breakBefore(fits: boolean): number | undefined {
    const { minChars, maxChars, breakPreference = "paragraph" } = this.#chunking;
    const room = this.#buffer.slice(0, maxChars);
    const order = { paragraph: 0, newline: 1, sentence: 2 }[breakPreference];
    const ends = [/\n[ \t]*\n+/g, /\n/g, /[.!?…](?=\s)/g].slice(fits ? order : 0);
    for (const pattern of fits ? ends.slice(0, 1) : [...ends, /\s/g]) {
      const end = lastEnd(room, pattern, minChars);
      if (end !== undefined) return end;
    }
    if (fits) return undefined;
    const fence = openFence(room);
    const end = fence && this.#standsAlone(fence) ? maxChars - fence.mark.length - 1 : maxChars;
    // Never between the halves of one character.
    const last = room.charCodeAt(end - 1);
    return last >= 0xd800 && last <= 0xdbff && end > 1 ? end - 1 : end;
  }

  /** A fence that takes up half a block is not repeated; the text would not get anywhere. */
  #standsAlone({ mark, info }: Fence): boolean {
    return 2 * (2 * mark.length + info.length + 2) <= this.#chunking.maxChars;
  }

  #cut(end: number, emit: (chunk: string) => void): void {
    const open = openFence(this.#buffer.slice(0, end));
    const fence = open && this.#standsAlone(open) ? open : undefined;
    const head = this.#buffer.slice(0, end);
    // Space at a cut within a line is the cut's; at a line's beginning it may be indentation.
    const tail = this.#buffer.slice(end).replace(open || head.endsWith("\n") ? /^\n+/ : /^\s+/, "");
    emitText(fence ? `${head.replace(/\n*$/, "\n")}${fence.mark}` : head, emit);
    this.#buffer = fence && tail !== "" ? `${fence.mark}${fence.info}\n${tail}` : tail;
  }
}

function emitText(text: string, emit: (chunk: string) => void): void {
  const chunk = text.replace(/\s+$/, "");
  if (chunk !== "") emit(chunk);
}

/** The end of the last match outside code blocks that leaves at least `least` characters before it. */
function lastEnd(text: string, pattern: RegExp, least: number): number | undefined {
  let found: number | undefined;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (end >= least && !openFence(text.slice(0, match.index))) found = end;
  }
  return found;
}

function paragraphEnd(text: string, maxChars: number): number | undefined {
  for (const match of text.slice(0, maxChars).matchAll(/\n[ \t]*\n+/g)) {
    if (match.index > 0 && !openFence(text.slice(0, match.index))) return match.index + match[0].length;
  }
  return undefined;
}

/** The code block that is open at the end of a text. */
function openFence(text: string): Fence | undefined {
  let open: Fence | undefined;
  for (const line of text.split("\n")) {
    const [, mark = "", info = ""] = FENCE.exec(line) ?? [];
    if (mark === "") continue;
    if (!open) open = { mark, info };
    else if (mark[0] === open.mark[0] && mark.length >= open.mark.length && info.trim() === "")
      open = undefined;
  }
  return open;
}
