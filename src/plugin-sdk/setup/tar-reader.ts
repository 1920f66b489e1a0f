const BLOCK = 512;
/** Longest record that only names the next file. */
const MAX_NAME_RECORD_BYTES = 64 * 1_024;

export interface TarEntry {
  name: string;
  size: number;
  mode: number;
  type: "file" | "folder" | "other";
}

/** Reads a tar stream entry by entry: ustar, with the long names of GNU and of pax. */
export class TarReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #dataLeft = 0;
  #padding = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next entry, behind whatever is left of the last one; `undefined` at the end. */
  async next(): Promise<TarEntry | undefined> {
    let longName: string | undefined;
    for (;;) {
      await this.#skip();
      const header = await this.#take(BLOCK, true);
      if (!header || header.every((byte) => byte === 0)) return undefined;
      assertChecksum(header);
      const size = numberAt(header, 124, 12);
      this.#dataLeft = size;
      this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
      const flag = String.fromCharCode(header[156] ?? 0);
      if (flag === "L" || flag === "x" || flag === "g") {
        const record = await this.#record(size);
        if (flag === "L") longName = record.replace(/\0+$/, "");
        else if (flag === "x") longName = paxPath(record) ?? longName;
        continue;
      }
      return { name: longName ?? nameOf(header), size, mode: numberAt(header, 100, 8), type: typeOf(flag) };
    }
  }

  /** The data of the current entry. */
  async *data(): AsyncGenerator<Uint8Array> {
    while (this.#dataLeft > 0) {
      if (this.#buffer.length === 0 && !(await this.#more())) throw new Error("the archive ends too early");
      const chunk = this.#buffer.subarray(0, this.#dataLeft);
      this.#buffer = this.#buffer.subarray(chunk.length);
      this.#dataLeft -= chunk.length;
      yield chunk;
    }
  }

  async #record(size: number): Promise<string> {
    if (size > MAX_NAME_RECORD_BYTES) throw new Error("a name of the archive is too long");
    const record = (await this.#take(size, false)) as Buffer;
    this.#dataLeft = 0;
    return record.toString("utf8");
  }

  async #skip(): Promise<void> {
    for await (const _chunk of this.data());
    if (this.#padding > 0) await this.#take(this.#padding, false);
    this.#padding = 0;
  }

  async #take(length: number, mayEnd: boolean): Promise<Buffer | undefined> {
    while (this.#buffer.length < length) {
      if (await this.#more()) continue;
      if (mayEnd && this.#buffer.length === 0) return undefined;
      throw new Error("the archive ends too early");
    }
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
    return true;
  }
}

function textAt(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString("utf8");
}

/** Octal digits, or a binary number when the first bit is set. */
function numberAt(header: Buffer, start: number, length: number): number {
  const first = header[start] ?? 0;
  if ((first & 0x80) === 0) {
    const value = Number.parseInt(textAt(header, start, length).trim() || "0", 8);
    if (!Number.isSafeInteger(value) || value < 0) throw new Error("the archive has a broken number");
    return value;
  }
  const value = header.readUIntBE(start + length - 6, 6);
  if (!Number.isSafeInteger(value)) throw new Error("the archive has a broken number");
  return value;
}

function nameOf(header: Buffer): string {
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? textAt(header, 345, 155) : "";
  const name = textAt(header, 0, 100);
  return prefix ? `${prefix}/${name}` : name;
}

function typeOf(flag: string): TarEntry["type"] {
  if (flag === "0" || flag === "\0" || flag === "7") return "file";
  return flag === "5" ? "folder" : "other";
}

function assertChecksum(header: Buffer): void {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) {
    sum += index >= 148 && index < 156 ? 32 : (header[index] as number);
  }
  if (sum !== numberAt(header, 148, 8)) throw new Error("the archive is broken: a checksum is wrong");
}

/** Records of `<length> <key>=<value>\n`. */
function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}
