import type { WireError } from "./error-codes.ts";
import { MAX_EXPECTED_PROFILE_LENGTH, MAX_TRACEPARENT_LENGTH } from "./limits.ts";

/** A call from the client. `params` is often absent rather than `{}` (spec 1.2). */
export interface RequestFrame {
  type: "req";
  id: string;
  method: string;
  params?: unknown;
  traceparent?: string;
  expectedProfileId?: string;
}

export interface ResponseFrame {
  type: "res";
  id: string;
  ok: boolean;
  payload?: unknown;
  error?: WireError;
}

/** Versions of the two state objects that events and snapshots carry (spec 1.3). */
export interface StateVersion {
  presence: number;
  health: number;
}

export interface EventFrame {
  type: "event";
  event: string;
  payload?: unknown;
  seq?: number;
  stateVersion?: StateVersion;
}

export type ParsedRequest =
  | { ok: true; frame: RequestFrame }
  | {
      ok: false;
      /** What the response must carry as `id`: the frame's own, whatever its type, or `"invalid"`. */
      id: unknown;
      /** `invalid request frame: …` */
      message: string;
    };

/**
 * Checks that a JSON value is a request frame. The hot path allocates nothing; reasons are only
 * collected for a frame that is refused, in the order and wording clients have seen (wire 2.3).
 */
export function parseRequestFrame(value: unknown): ParsedRequest {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, id: "invalid", message: "invalid request frame: must be object" };
  }
  const frame = value as Record<string, unknown>;
  if (
    frame["type"] === "req" &&
    isFilled(frame["id"]) &&
    isFilled(frame["method"]) &&
    isTextWithin(frame["traceparent"], 0, MAX_TRACEPARENT_LENGTH) &&
    isTextWithin(frame["expectedProfileId"], 1, MAX_EXPECTED_PROFILE_LENGTH)
  ) {
    return { ok: true, frame: frame as unknown as RequestFrame };
  }
  const id = frame["id"] === undefined ? "invalid" : frame["id"];
  return { ok: false, id, message: `invalid request frame: ${reasons(frame).join("; ")}` };
}

function reasons(frame: Record<string, unknown>): string[] {
  const found: string[] = [];
  const missing = ["type", "id", "method"].find((key) => frame[key] === undefined);
  if (missing) found.push(`must have required property '${missing}'`);
  if (frame["type"] !== undefined && frame["type"] !== "req")
    found.push("at /type: must be equal to constant");
  for (const key of ["id", "method"]) {
    if (frame[key] === undefined) continue;
    if (typeof frame[key] !== "string") found.push(`at /${key}: must be string`);
    else if (frame[key] === "") found.push(`at /${key}: must not have fewer than 1 characters`);
  }
  describeText(frame, "traceparent", 0, MAX_TRACEPARENT_LENGTH, found);
  describeText(frame, "expectedProfileId", 1, MAX_EXPECTED_PROFILE_LENGTH, found);
  return found;
}

function describeText(
  frame: Record<string, unknown>,
  key: string,
  shortest: number,
  longest: number,
  found: string[],
): void {
  const value = frame[key];
  if (isTextWithin(value, shortest, longest)) return;
  if (typeof value !== "string") found.push(`at /${key}: must be string`);
  else if (value.length < shortest) found.push(`at /${key}: must not have fewer than ${shortest} characters`);
  else found.push(`at /${key}: must not have more than ${longest} characters`);
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value.length > 0;
}

function isTextWithin(value: unknown, shortest: number, longest: number): boolean {
  return (
    value === undefined || (typeof value === "string" && value.length >= shortest && value.length <= longest)
  );
}
