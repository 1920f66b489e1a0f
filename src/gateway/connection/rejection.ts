import { SluiceError } from "../../kernel/errors.ts";
import { CLOSE, type CloseCode } from "../../protocol/close-codes.ts";
import type { ErrorCode, HandshakeDetailCode } from "../../protocol/error-codes.ts";

/** A handshake that is refused: an error response, then a close with a reason (spec 1.6). */
export class HandshakeRejection extends SluiceError<ErrorCode> {
  readonly closeCode: CloseCode;
  readonly closeReason: string;
  /** The answer is held back so long, to slow down guessing. */
  readonly delayMs: number;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      details?: { code: HandshakeDetailCode; [fact: string]: unknown };
      retryable?: boolean;
      retryAfterMs?: number;
      closeCode?: CloseCode;
      closeReason?: string;
      delayMs?: number;
    } = {},
  ) {
    super(code, message, {
      ...(options.details === undefined ? {} : { details: options.details }),
      ...(options.retryable === undefined ? {} : { retryable: options.retryable }),
      ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
    });
    this.closeCode = options.closeCode ?? CLOSE.POLICY;
    this.closeReason = options.closeReason ?? message;
    this.delayMs = options.delayMs ?? 0;
  }
}
