import { type ChunkMode, chunkText, type Fence, nextFence, splitParagraphs } from "./chunking.ts";

/** The shortest piece that still has room for a fence's opening and closing lines and some code. */
const MIN_FENCE_ROOM = 8;

/**
 * Like `chunkText`, and a code fence that has to be cut is closed at the cut and opened again, with its
 * language, in the next piece.
 */
export function chunkMarkdownText(text: string, limit: number): string[] {
  if (text === "") return [];
  if (limit <= 0 || text.length <= limit) return [text];
  const pieces = new PieceBuilder(limit);
  for (const line of text.split("\n")) pieces.addLine(line);
  return pieces.finish();
}

/** Mode `newline` gives each paragraph a piece of its own before cutting by length. */
export function chunkMarkdownTextWithMode(text: string, limit: number, mode: ChunkMode): string[] {
  if (mode === "length") return chunkMarkdownText(text, limit);
  return splitParagraphs(text).flatMap((paragraph) => chunkMarkdownText(paragraph, limit));
}

class PieceBuilder {
  readonly #limit: number;
  readonly #pieces: string[] = [];
  #lines: string[] = [];
  #length = 0;
  #fence: Fence | undefined;
  /** Lines that only continue a fence; a piece of nothing else is not worth sending. */
  #overhead = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  addLine(line: string): void {
    const after = nextFence(this.#fence, line);
    const room = this.#limit - this.#closing(this.#fence ?? after);
    if (this.#lines.length > this.#overhead && this.#length + 1 + line.length > room) this.#cut();
    if (this.#length + (this.#lines.length > 0 ? 1 : 0) + line.length <= room) {
      this.#push(line);
      this.#fence = after;
      return;
    }
    // One line longer than a piece: cut it, keeping the fence around every part.
    const header = this.#fence ? this.#length + 1 : 0;
    const available = Math.max(1, room - header);
    for (const part of chunkText(line, available)) {
      if (this.#lines.length > this.#overhead) this.#cut();
      this.#push(part);
    }
    this.#fence = after;
  }

  finish(): string[] {
    if (this.#lines.length > this.#overhead) this.#emit(false);
    return this.#pieces;
  }

  #push(line: string): void {
    this.#length += (this.#lines.length > 0 ? 1 : 0) + line.length;
    this.#lines.push(line);
  }

  #closing(fence: Fence | undefined): number {
    return fence && this.#fits(fence) ? fence.close.length + 1 : 0;
  }

  /** A fence whose own lines would fill the piece is not continued; its text is what matters. */
  #fits(fence: Fence): boolean {
    return fence.open.length + fence.close.length + 2 + MIN_FENCE_ROOM <= this.#limit;
  }

  #cut(): void {
    this.#emit(true);
    if (this.#fence && this.#fits(this.#fence)) {
      this.#push(this.#fence.open);
      this.#overhead = 1;
    }
  }

  #emit(continued: boolean): void {
    let piece = this.#lines.join("\n");
    if (continued && this.#fence && this.#fits(this.#fence)) piece += `\n${this.#fence.close}`;
    else if (!this.#fence) piece = piece.replace(/^\n+/, "").trimEnd();
    if (piece.trim() !== "") this.#pieces.push(piece);
    this.#lines = [];
    this.#length = 0;
    this.#overhead = 0;
  }
}
