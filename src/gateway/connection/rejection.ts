import { isSluiceError, SluiceError } from "../../kernel/errors.ts";
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

/** What was thrown while a handshake was decided, as a refusal. `messageOf` says what a stranger may read of it. */
export function asRejection(thrown: unknown, messageOf: (thrown: unknown) => string): HandshakeRejection {
  if (thrown instanceof HandshakeRejection) return thrown;
  return new HandshakeRejection("UNAVAILABLE", messageOf(thrown), {
    closeCode: CLOSE.INTERNAL,
    retryable: isSluiceError(thrown) && thrown.retryable,
  });
}
