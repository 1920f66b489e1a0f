/** Every bound of the capture surface in one place. Sizes in bytes, times as the names say. */

/** Largest request body, also after decompression. */
export const MAX_BODY_BYTES = 1_048_576;
export const MIN_EVENTS = 1;
export const MAX_EVENTS = 500;
/** 2020-01-01T00:00:00Z in Unix seconds, inclusive. */
export const MIN_TIMESTAMP_S = 1_577_836_800;
/** How far ahead of the server's clock an event may lie, inclusive. */
export const MAX_FUTURE_S = 86_400;
/** Above this a timestamp was most likely given in milliseconds. */
export const MILLISECONDS_HINT = 1e11;
export const MAX_PLUGIN_ID_LENGTH = 64;
export const MAX_VERSION_LENGTH = 128;
/** In characters, after trimming. */
export const MAX_RAW_REF_LENGTH = 512;
export const MAX_DATA_DEPTH = 32;
/** Problems listed in one 422 answer. */
export const MAX_PROBLEMS = 50;

export const REQUESTS_PER_MINUTE = 60;
export const REQUESTS_IN_FLIGHT = 8;
export const FAILED_AUTHENTICATIONS_PER_MINUTE = 20;
/** Client addresses whose failed authentications are remembered at a time. */
export const MAX_TRACKED_ADDRESSES = 10_000;
export const BODY_TIMEOUT_MS = 30_000;

export const MAX_IDEMPOTENCY_KEY_LENGTH = 128;
export const IDEMPOTENCY_WINDOW_MS = 86_400_000;

/** A single string longer than this is cut with a notice; in characters. */
export const MAX_STRING_LENGTH = 100_000;
/** Largest rendered entry in bytes; the rest is cut with a notice. */
export const MAX_ENTRY_BYTES = 262_144;
export const MAX_TITLE_LENGTH = 120;

export const MIN_KEY_LENGTH = 16;
export const MAX_MANIFEST_BYTES = 65_536;
/** Folders of capture plugins read at start. */
export const MAX_CAPTURE_PLUGINS = 1_000;
