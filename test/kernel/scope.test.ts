import { describe, expect, it } from "vitest";
import { disposable } from "../../src/kernel/disposable.ts";
import { Scope, ScopeDisposeError } from "../../src/kernel/scope.ts";

const noted = (notes: string[], name: string, delayMs = 0) => ({
  async dispose() {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    notes.push(name);
  },
});

describe("a scope", () => {
  it("closes what it owns in reverse order, one after the other", async () => {
    const notes: string[] = [];
    const scope = new Scope("s");
    scope.use(noted(notes, "slow", 5), "a");
    scope.use(noted(notes, "fast"), "b");
    expect(scope.owned).toEqual(["a", "b"]);
    await scope.dispose();
    expect(notes).toEqual(["fast", "slow"]);
    expect(scope.owned).toEqual([]);
  });

  it("aborts its signal before it closes anything", async () => {
    const scope = new Scope("s");
    let abortedFirst = false;
    scope.defer(() => {
      abortedFirst = scope.signal.aborted;
    });
    await scope.dispose();
    expect(abortedFirst).toBe(true);
  });

  it("closes everything although something fails, and reports all failures", async () => {
    const notes: string[] = [];
    const scope = new Scope("s");
    scope.use(noted(notes, "kept"));
    scope.defer(() => {
      throw new Error("one");
    });
    scope.defer(() => Promise.reject(new Error("two")));
    const error = await scope.dispose().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ScopeDisposeError);
    expect(error.errors.map((one: Error) => one.message)).toEqual(["two", "one"]);
    expect(notes).toEqual(["kept"]);
  });

  it("disposes once, however often it is asked", async () => {
    let count = 0;
    const scope = new Scope("s");
    scope.defer(() => void count++);
    await Promise.all([scope.dispose(), scope.dispose()]);
    await scope.dispose();
    expect(count).toBe(1);
  });

  it("closes at once what is handed to it too late", async () => {
    const scope = new Scope("s");
    await scope.dispose();
    const closed = new Promise<void>((resolve) => {
      scope.defer(resolve);
    });
    await closed;
    scope.use({
      dispose() {
        throw new Error("nobody hears this");
      },
    });
    const child = scope.child("late");
    await Promise.resolve();
    expect(child.disposed).toBe(true);
  });

  it("forgets a deferred release and a child that close by themselves", async () => {
    let count = 0;
    const scope = new Scope("s");
    const handle = scope.defer(() => void count++, "timer");
    const child = scope.child("child");
    await handle.dispose();
    await child.dispose();
    expect(scope.owned).toEqual([]);
    await scope.dispose();
    expect(count).toBe(1);
  });

  it("forgets a child even when the child failed to close", async () => {
    const scope = new Scope("s");
    const child = scope.child("child");
    child.defer(() => {
      throw new Error("stuck");
    });
    await expect(child.dispose()).rejects.toBeInstanceOf(ScopeDisposeError);
    expect(scope.owned).toEqual([]);
    await scope.dispose();
  });

  it("closes its children with it", async () => {
    const notes: string[] = [];
    const scope = new Scope("s");
    scope.use(noted(notes, "parent"));
    scope.child("child").use(noted(notes, "child"));
    await scope.dispose();
    expect(notes).toEqual(["child", "parent"]);
  });
});

it("a disposable runs its release once", () => {
  let count = 0;
  const handle = disposable(() => void count++);
  handle.dispose();
  handle.dispose();
  expect(count).toBe(1);
});
