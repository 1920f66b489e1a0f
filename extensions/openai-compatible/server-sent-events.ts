/** Longest line and largest whole answer that are read. */
export const MAX_LINE_CHARS = 4_194_304;
export const MAX_ANSWER_CHARS = 67_108_864;

/**
 * Reads `data:` lines of a response as JSON values. Lenient where servers differ: any line ending, events
 * without blank lines between them, a value split over several `data:` lines, comments, a missing end
 * mark. `"[DONE]"` is given as the text it is.
 */
export async function* readDataLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  let pending = "";
  let total = 0;
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    total += text.length;
    rest += text;
    if (total > MAX_ANSWER_CHARS || rest.length > MAX_LINE_CHARS)
      throw new Error("the model's answer is too large");
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const read = readLine(line, pending);
      pending = read.pending;
      if (read.value !== undefined) yield read.value;
    }
  }
  const last = readLine(rest + decoder.decode(), pending);
  if (last.value !== undefined) yield last.value;
}

function readLine(line: string, pending: string): { value?: unknown; pending: string } {
  if (!line.startsWith("data:")) return { pending: line.trim() === "" ? "" : pending };
  const data = line.slice(5).trim();
  if (data === "[DONE]") return { value: data, pending: "" };
  const whole = pending === "" ? data : `${pending}\n${data}`;
  if (whole === "") return { pending: "" };
  try {
    return { value: JSON.parse(whole), pending: "" };
  } catch {
    return { pending: whole };
  }
}
