import { MAX_CLOSE_REASON_BYTES } from "./limits.ts";

/** WebSocket close codes the gateway sends (spec 1.6). */
export const CLOSE = {
  NORMAL: 1000,
  PROTOCOL_MISMATCH: 1002,
  POLICY: 1008,
  TOO_LARGE: 1009,
  INTERNAL: 1011,
  SERVICE_RESTART: 1012,
  TRY_LATER: 1013,
  /** Token revoked, device removed, shared secret changed. */
  AUTH_CHANGED: 4001,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** Cuts a reason to what a close frame may carry, never inside a character. */
export function closeReason(text: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(text).length <= MAX_CLOSE_REASON_BYTES) return text;
  let kept = "";
  let bytes = 0;
  for (const character of text) {
    bytes += encoder.encode(character).length;
    if (bytes > MAX_CLOSE_REASON_BYTES) break;
    kept += character;
  }
  return kept;
}
