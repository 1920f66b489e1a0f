/** WebSocket framing of what the server sends: unmasked, unfragmented text (RFC 6455 section 5.2). */

const TEXT_FRAME = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_LENGTH_7 = 125;
const MAX_LENGTH_16 = 65_535;

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
  #lastSeq = -1;
  #lastHead: Buffer | undefined;

  constructor(event: string, payloadJson: string, extraJson = "") {
    this.event = event;
    this.body = Buffer.from(`"event":${JSON.stringify(event)},"payload":${payloadJson}${extraJson}}`);
  }

  /** Header and opening of the frame for a receiver whose next number is `seq`; `undefined` leaves it out. */
  head(seq: number | undefined): Buffer {
    const key = seq ?? 0;
    // Connections that came at the same time count alike; a broadcast then builds one head for all of them.
    if (key === this.#lastSeq && this.#lastHead) return this.#lastHead;
    const opening = seq === undefined ? '{"type":"event",' : `{"type":"event","seq":${seq},`;
    const payloadBytes = opening.length + this.body.length;
    const head = Buffer.allocUnsafe(headerSize(payloadBytes) + opening.length);
    head.write(opening, writeHeader(head, payloadBytes), "latin1");
    this.#lastSeq = key;
    this.#lastHead = head;
    return head;
  }
}
