/** Longest line and largest whole answer that are read. */
export const MAX_LINE_CHARS = 4_194_304;
export const MAX_ANSWER_CHARS = 67_108_864;

/**
 * Reads `data:` lines of a response as JSON values, those of one network read together: what arrives
 * together is worth one step of whoever reads it. Lenient where servers differ: any line ending, events
 * without blank lines between them, a value split over several `data:` lines, comments, a missing end
 * mark. `"[DONE]"` is given as the text it is.
 */
export async function* readDataLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder();
  const data = new DataLines();
  let rest = "";
  let total = 0;
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    total += text.length;
    rest += text;
    if (total > MAX_ANSWER_CHARS || rest.length > MAX_LINE_CHARS)
      throw new Error("the model's answer is too large");
    const lines = linesOf(rest);
    rest = lines.pop() ?? "";
    const values = data.read(lines);
    if (values.length > 0) yield values;
  }
  const values = data.read([rest + decoder.decode()]);
  if (values.length > 0) yield values;
}

/** The last one is what follows the last line ending. */
function linesOf(text: string): string[] {
  return text.includes("\r") ? text.split(/\r\n|\n|\r(?!$)/) : text.split("\n");
}

class DataLines {
  /** The beginning of a value that goes on in the next `data:` line. */
  #pending = "";

  read(lines: readonly string[]): unknown[] {
    const values: unknown[] = [];
    for (const line of lines) {
      if (line.startsWith("data:")) this.#readData(line.slice(5).trim(), values);
      else if (line === "" || line.trim() === "") this.#pending = "";
    }
    return values;
  }

  #readData(data: string, values: unknown[]): void {
    const whole = this.#pending === "" ? data : `${this.#pending}\n${data}`;
    this.#pending = "";
    if (data === "[DONE]") values.push(data);
    else if (whole !== "") {
      try {
        values.push(JSON.parse(whole));
      } catch {
        this.#pending = whole;
      }
    }
  }
}
