import { deflateSync } from "node:zlib";

/** QR codes for terminals and pages (spec 4.11). */

export const QR_SCALE_RANGE = { min: 1, max: 12, fallback: 6 } as const;
export const QR_MARGIN_RANGE = { min: 0, max: 16, fallback: 4 } as const;

async function modulesOf(text: string): Promise<boolean[][]> {
  if (text === "") throw new Error("a QR code needs a text");
  const { encode } = await import("uqr");
  return encode(text, { border: 0 }).data;
}

/** Lines of blocks, dark on light, with a quiet zone; `small` puts two rows of modules into one line. */
export async function renderQrTerminal(text: string, options: { small?: boolean } = {}): Promise<string> {
  const modules = withMargin(await modulesOf(text), 2);
  const rows: string[] = [];
  if (!options.small) {
    for (const row of modules) rows.push(row.map((dark) => (dark ? "  " : "██")).join(""));
    return `${rows.join("\n")}\n`;
  }
  for (let y = 0; y < modules.length; y += 2) {
    const lower = modules[y + 1];
    const cells = (modules[y] as boolean[]).map((dark, x) => {
      const below = lower === undefined || lower[x] === true;
      if (dark) return below ? " " : "▄";
      return below ? "▀" : "█";
    });
    rows.push(cells.join(""));
  }
  return `${rows.join("\n")}\n`;
}

function withMargin(modules: readonly boolean[][], margin: number): boolean[][] {
  const width = modules.length + 2 * margin;
  const empty = () => Array.from({ length: width }, () => false);
  const quiet = Array.from({ length: margin }, empty);
  const sides = Array.from({ length: margin }, () => false);
  return [...quiet, ...modules.map((row) => [...sides, ...row, ...sides]), ...quiet.map(empty)];
}

export interface QrPngOptions {
  /** Pixels per module: 1 to 12, default 6. */
  scale?: number;
  /** Modules around the code: 0 to 16, default 4. */
  marginModules?: number;
}

/** @throws RangeError for a number out of range, Error for an empty text */
export async function renderQrPngBase64(text: string, options: QrPngOptions = {}): Promise<string> {
  const scale = inRange("scale", options.scale, QR_SCALE_RANGE);
  const margin = inRange("marginModules", options.marginModules, QR_MARGIN_RANGE);
  return png(withMargin(await modulesOf(text), margin), scale).toString("base64");
}

export async function renderQrPngDataUrl(text: string, options?: QrPngOptions): Promise<string> {
  return `data:image/png;base64,${await renderQrPngBase64(text, options)}`;
}

function inRange(
  name: string,
  given: number | undefined,
  range: { min: number; max: number; fallback: number },
): number {
  const value = given === undefined ? range.fallback : Math.floor(given);
  if (value >= range.min && value <= range.max) return value;
  throw new RangeError(`${name} must be between ${range.min} and ${range.max}`);
}

/** One bit per pixel, greyscale: a set bit is light. */
function png(modules: readonly boolean[][], scale: number): Buffer {
  const width = modules.length * scale;
  const stride = Math.ceil(width / 8);
  const image = Buffer.alloc((stride + 1) * width);
  for (let y = 0; y < width; y++) {
    const row = modules[Math.floor(y / scale)] as boolean[];
    for (let x = 0; x < width; x++) {
      if (row[Math.floor(x / scale)]) continue;
      const at = y * (stride + 1) + 1 + (x >> 3);
      image[at] = (image[at] as number) | (0x80 >> (x & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(width, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(image)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
