/** WebSocket framing of what the server sends: unmasked, unfragmented text (RFC 6455 section 5.2). */

const TEXT_FRAME = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_LENGTH_7 = 125;
const MAX_LENGTH_16 = 65_535;
/** Bodies up to this size are copied behind their head. */
export const MAX_JOINED_BYTES = 2_048;
/** Different numbers one event's frames are remembered for while it is sent. */
const MAX_BUILT_FRAMES = 256;

function headerSize(payloadBytes: number): number {
  if (payloadBytes <= MAX_LENGTH_7) return 2;
  return payloadBytes <= MAX_LENGTH_16 ? 4 : 10;
}

function writeHeader(target: Buffer, payloadBytes: number): number {
  target[0] = TEXT_FRAME;
  if (payloadBytes <= MAX_LENGTH_7) {
    target[1] = payloadBytes;
    return 2;
  }
  if (payloadBytes <= MAX_LENGTH_16) {
    target[1] = LENGTH_16;
    target.writeUInt16BE(payloadBytes, 2);
    return 4;
  }
  target[1] = LENGTH_64;
  target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), 2);
  target.writeUInt32BE(payloadBytes >>> 0, 6);
  return 10;
}

/** A whole frame for one receiver. */
export function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerSize(bytes) + bytes);
  frame.write(text, writeHeader(frame, bytes), "utf8");
  return frame;
}

/**
 * An event for many receivers: turned into text and bytes once. Only the head differs per connection,
 * because it holds the frame's length and the connection's own `seq` (spec 1.3).
 */
export class SharedFrame {
  readonly event: string;
  /** From `"event":` to the closing brace. */
  readonly body: Buffer;
  readonly #built = new Map<number, readonly Buffer[]>();

  constructor(event: string, payloadJson: string, extraJson = "") {
    this.event = event;
    this.body = Buffer.from(`"event":${JSON.stringify(event)},"payload":${payloadJson}${extraJson}}`);
  }

  /**
   * The frame for a receiver whose next number is `seq` (`undefined` leaves it out), as the pieces to write.
   * A small frame is one piece: copying some hundred bytes costs less than a second piece in the write.
   */
  pieces(seq: number | undefined): readonly Buffer[] {
    const key = seq ?? 0;
    // Connections that came at the same time count alike; a broadcast then builds one frame for each such group.
    const built = this.#built.get(key);
    if (built) return built;
    const opening = seq === undefined ? '{"type":"event",' : `{"type":"event","seq":${seq},`;
    const payloadBytes = opening.length + this.body.length;
    const headBytes = headerSize(payloadBytes) + opening.length;
    const joined = this.body.length <= MAX_JOINED_BYTES;
    const head = Buffer.allocUnsafe(joined ? headBytes + this.body.length : headBytes);
    head.write(opening, writeHeader(head, payloadBytes), "latin1");
    if (joined) this.body.copy(head, headBytes);
    const pieces = joined ? [head] : [head, this.body];
    if (this.#built.size < MAX_BUILT_FRAMES) this.#built.set(key, pieces);
    return pieces;
  }
}
