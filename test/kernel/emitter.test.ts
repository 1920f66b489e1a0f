import { expect, it } from "vitest";
import { Emitter } from "../../src/kernel/emitter.ts";

it("calls listeners in order of subscription, past one that throws", () => {
  const errors: unknown[] = [];
  const notes: string[] = [];
  const emitter = new Emitter<number>((error) => errors.push(error));
  emitter.on((value) => notes.push(`a${value}`));
  emitter.on(() => {
    throw new Error("b");
  });
  emitter.on((value) => notes.push(`c${value}`));
  emitter.emit(1);
  expect(notes).toEqual(["a1", "c1"]);
  expect(errors).toMatchObject([{ message: "b" }]);
});

it("forgets a disposed listener, keeps the same function subscribed twice apart, and lets one leave while it runs", () => {
  const emitter = new Emitter<void>(() => {});
  let count = 0;
  const listener = () => void count++;
  const first = emitter.on(listener);
  emitter.on(listener);
  const leaving = emitter.on(() => leaving.dispose());
  emitter.emit();
  first.dispose();
  first.dispose();
  emitter.emit();
  expect(count).toBe(3);
  expect(emitter.size).toBe(1);
});
