/** Every limit and timer of the wire (spec 1.5, appendix B). Sizes in bytes, times in milliseconds. */

/** Largest frame before the handshake is done. */
export const MAX_HANDSHAKE_FRAME_BYTES = 65_536;
/** Largest frame afterwards; told to clients as `policy.maxPayload`. */
export const MAX_FRAME_BYTES = 26_214_400;
/** Outbound bytes a socket may hold back; told to clients as `policy.maxBufferedBytes`. */
export const MAX_BUFFERED_BYTES = 52_428_800;
export const HANDSHAKE_TIMEOUT_MS = 15_000;
/** Frames a client may send while its handshake is still being decided. */
export const MAX_PENDING_HANDSHAKE_FRAMES = 15;
/** Sockets of one address that have not authenticated yet. */
export const MAX_UNAUTHENTICATED_PER_ADDRESS = 32;
/** One of them that has said nothing for this long makes room for the next when all places are taken. */
export const SILENT_SOCKET_GRACE_MS = 2_000;
export const TICK_INTERVAL_MS = 30_000;
export const HEALTH_REFRESH_MS = 60_000;
export const PING_INTERVAL_MS = 25_000;
/** Between a close frame and dropping the socket. */
export const CLOSE_GRACE_MS = 1_000;
/** Longest close reason; RFC 6455 would allow 123. */
export const MAX_CLOSE_REASON_BYTES = 120;
/** Requests of one connection that wait for a free handler slot. */
export const MAX_WAITING_REQUESTS = 256;
/** Bytes of the frames of those requests. */
export const MAX_WAITING_REQUEST_BYTES = 52_428_800;
/** Handlers of one connection that run at the same time. */
export const MAX_RUNNING_HANDLERS = 128;
/** Handlers of one connection that are parked on something slow (`agent`, `agent.wait`). */
export const MAX_PARKED_HANDLERS = 1_024;
/** Role violations in a row before the socket is closed. */
export const MAX_ROLE_VIOLATIONS = 10;
/** Frames in a row that are no requests before the socket is closed. */
export const MAX_INVALID_FRAMES = 1_000;
export const MAX_TRACEPARENT_LENGTH = 128;
export const MAX_EXPECTED_PROFILE_LENGTH = 128;
/** Deepest JSON nesting of a frame. */
export const MAX_FRAME_DEPTH = 64;
/** Live text of one run and stream goes out at most once per this time (spec 1.7). */
export const LIVE_TEXT_PACING_MS = 75;
/** How far a device's `signedAt` may be from our clock. */
export const DEVICE_SIGNATURE_SKEW_MS = 120_000;
export const PENDING_DEVICE_TTL_MS = 300_000;
export const PRESENCE_TTL_MS = 300_000;
export const MAX_PRESENCE_ENTRIES = 200;
/** Control-plane writes (methods flagged *rate*): this many per window, method, device and address. */
export const CONTROL_WRITES_PER_WINDOW = 30;
export const CONTROL_WRITE_WINDOW_MS = 60_000;
export const AUTH_MAX_ATTEMPTS = 10;
export const AUTH_WINDOW_MS = 60_000;
export const AUTH_LOCKOUT_MS = 300_000;
export const AUTH_LIMITER_ENTRIES = 10_000;
/** Loopback is not locked out; failures are answered after `AUTH_LOOPBACK_DELAY_MS × 2^n`, up to the maximum. */
export const AUTH_LOOPBACK_DELAY_MS = 250;
export const AUTH_LOOPBACK_MAX_DELAY_MS = 5_000;
/** Configured attachment limit before the frame limit is considered. */
export const DEFAULT_ATTACHMENT_BYTES = 20 * 1024 * 1024;
export const MAX_IMAGE_BYTES = 6_291_456;
const FRAME_ENVELOPE_BYTES = 262_144;

/** Largest attachment that still fits one frame in base64, within the configured limit (spec 1.5). */
export function attachmentLimit(configuredBytes = DEFAULT_ATTACHMENT_BYTES): number {
  return Math.min(configuredBytes, Math.floor(((MAX_FRAME_BYTES - FRAME_ENVELOPE_BYTES) * 3) / 4));
}
