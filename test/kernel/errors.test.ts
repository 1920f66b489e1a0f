import { expect, it } from "vitest";
import {
  errorMessage,
  isSluiceError,
  MAX_ERROR_MESSAGE_LENGTH,
  SluiceError,
  toError,
} from "../../src/kernel/errors.ts";

it("an error carries its code, details, advice on retrying and cause", () => {
  const cause = new Error("below");
  const error = new SluiceError("NOPE", "try later", {
    details: { a: 1 },
    retryable: true,
    retryAfterMs: 5,
    cause,
  });
  expect(error).toMatchObject({
    name: "SluiceError",
    code: "NOPE",
    details: { a: 1 },
    retryable: true,
    retryAfterMs: 5,
  });
  expect(error.cause).toBe(cause);
  expect(new SluiceError("NOPE", "no")).toMatchObject({
    retryable: false,
    details: undefined,
    retryAfterMs: undefined,
  });
});

it("is recognised across copies of the module, and nothing else is", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("sluice.error")]: true });
  expect(isSluiceError(foreign)).toBe(true);
  for (const value of [null, undefined, 1, "x", {}, new Error("x")]) expect(isSluiceError(value)).toBe(false);
});

it("finds words for anything that was thrown", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  expect(errorMessage(new Error("a"))).toBe("a");
  expect(errorMessage("b")).toBe("b");
  expect(errorMessage({ c: 1 })).toBe('{"c":1}');
  expect(errorMessage(undefined)).toBe("undefined");
  expect(errorMessage(circular)).toBe("[object Object]");
  expect(errorMessage(Symbol("s"))).toBe("Symbol(s)");
  const error = new Error("kept");
  expect(toError(error)).toBe(error);
  expect(toError("text")).toMatchObject({ message: "text" });
});

it("takes no more of a message than its limit", () => {
  const longest = "x".repeat(MAX_ERROR_MESSAGE_LENGTH);
  expect(errorMessage(new Error(longest))).toBe(longest);
  expect(errorMessage(new Error(`${longest}y`))).toBe(`${longest.slice(1)}…`);
});
