import { describe, expect, it } from "vitest";
import { Scope } from "../../src/kernel/scope.ts";
import { PluginInstance } from "../../src/plugins/loading/instance.ts";
import { pluginScope } from "../../src/plugins/loading/plugin-scope.ts";

const parent = new Scope("test");
const instance = (id: string) => new PluginInstance(id, 1, parent);
const current = () => pluginScope().getStore()?.pluginId;

describe("the scope of a plugin", () => {
  it("of what runs now ends when it returns, also when it throws", async () => {
    const one = instance("one");
    const later = one.runNow(async () => {
      expect(current()).toBe("one");
      await undefined;
      return current();
    });
    expect(current()).toBeUndefined();
    expect(await later).toBeUndefined();
    const failing = () => {
      throw new Error("broken");
    };
    expect(() => one.runNow(failing)).toThrow("broken");
    expect(current()).toBeUndefined();
  });

  it("goes by the innermost call, whichever way it is made", async () => {
    const [one, two, three] = [instance("one"), instance("two"), instance("three")];
    const seen = one.runNow(() => {
      const inner = two.run(() => {
        const innermost = three.runNow(() => current());
        return [current(), innermost, Promise.resolve().then(current)] as const;
      });
      return [current(), ...inner] as const;
    });
    expect(seen.slice(0, 3)).toEqual(["one", "two", "three"]);
    expect(await seen[3]).toBe("two");
    expect(current()).toBeUndefined();
  });

  it("refuses a retired plugin in both ways, except to itself", () => {
    const one = instance("one");
    one.run(() => {
      one.fence();
      expect(one.runNow(current)).toBe("one");
      expect(one.run(current)).toBe("one");
    });
    for (const call of [() => one.run(current), () => one.runNow(current)]) {
      expect(call).toThrow(expect.objectContaining({ code: "PLUGIN_RETIRED" }));
    }
  });

  it("counts a call that runs now until its promise settles", async () => {
    const one = instance("one");
    let end = () => {};
    const work = one.runNow(() => new Promise<void>((resolve) => (end = resolve)));
    expect(one.activeCalls).toBe(1);
    end();
    await work;
    expect(one.activeCalls).toBe(0);
  });
});
