import type { AgentToolResult } from "../../contracts/tool.ts";
import { asDateTimestampMs } from "../values/numbers.ts";

/** A value as a tool's result: JSON for the model, the value itself in `details`. */
export function jsonResult(payload: unknown): AgentToolResult {
  return { content: [{ type: "text", text: JSON.stringify(payload, null, 2) ?? "null" }], details: payload };
}

export function textResult(text: string, details?: unknown): AgentToolResult {
  return { content: [{ type: "text", text }], details: details ?? { text } };
}

type Actions = Readonly<Record<string, boolean | undefined>>;

/** Whether `actions.<name>` is switched on; what is not stated has the default. */
export function createActionGate(actions: Actions | undefined) {
  return (key: string, defaultValue = true): boolean => actions?.[key] ?? defaultValue;
}

/** An action is on when one of the accounts has it on. */
export function createUnionActionGate<Account>(
  accounts: readonly Account[],
  createGate: (account: Account) => (key: string, defaultValue?: boolean) => boolean,
) {
  const gates = accounts.map(createGate);
  return (key: string, defaultValue = true): boolean => gates.some((gate) => gate(key, defaultValue));
}

/** Adds the instant in milliseconds and as UTC text. */
export function withNormalizedTimestamp<T extends Record<string, unknown>>(value: T, raw: unknown) {
  const number = typeof raw === "string" && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
  const ms =
    typeof number === "number"
      ? asDateTimestampMs(number < 1e11 ? number * 1_000 : number)
      : typeof number === "string"
        ? asDateTimestampMs(Date.parse(number))
        : undefined;
  if (ms === undefined) return value;
  const rounded = Math.round(ms);
  return { ...value, timestampMs: rounded, timestampUtc: new Date(rounded).toISOString() };
}

/** JSON Schema of one of several words. */
export function stringEnum<T extends readonly string[]>(values: T, options: object = {}) {
  return { type: "string" as const, enum: [...values], ...options };
}

export const optionalStringEnum = stringEnum;

export function optionalPositiveIntegerSchema(options: object = {}) {
  return { type: "integer" as const, minimum: 1, ...options };
}
