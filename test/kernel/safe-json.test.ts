import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSluiceError } from "../../src/kernel/errors.ts";
import { assertSafeJson, deepFreeze, parseJson } from "../../src/kernel/safe-json.ts";

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "fine";
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return error.code;
  }
};

describe("parsing JSON from outside", () => {
  it("gives back any JSON value unchanged", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        const dangerous = /"(__proto__|constructor|prototype)":/.test(text);
        if (!dangerous) expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("never throws anything but a typed error, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (text) => void codeOf(() => parseJson(text))));
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'[]{},:"1\\u') }),
        (text) => void codeOf(() => parseJson(text)),
      ),
    );
  });

  it("counts bytes, not letters, at the edge", () => {
    const limit = { maxBytes: 10 };
    expect(parseJson('"12345678"', limit)).toBe("12345678");
    expect(codeOf(() => parseJson('"123456789"', limit))).toBe("JSON_TOO_LARGE");
    expect(parseJson('"éééé"', limit)).toBe("éééé");
    expect(codeOf(() => parseJson('"ééééa"', limit))).toBe("JSON_TOO_LARGE");
    expect(codeOf(() => parseJson('"😀😀😀"', limit))).toBe("JSON_TOO_LARGE");
  });

  it("holds the depth limit at its edge and does not overflow the stack far beyond it", () => {
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(codeOf(() => parseJson(nested(64)))).toBe("fine");
    expect(codeOf(() => parseJson(nested(65)))).toBe("JSON_TOO_DEEP");
    expect(codeOf(() => parseJson(nested(5_000)))).toBe("JSON_TOO_DEEP");
    expect(codeOf(() => parseJson(nested(1_000_000)))).toMatch(/^JSON_/);
    expect(codeOf(() => parseJson("1", { maxDepth: 0 }))).toBe("fine");
  });

  it("refuses keys that reach a prototype, wherever they are, and lets harmless ones pass", () => {
    for (const text of [
      '{"__proto__":1}',
      '{"a":[{"b":{"__proto__":{}}}]}',
      '{"\\u005f_proto__":{}}',
      '{"constructor":{"prototype":{}}}',
      '{"prototype":[]}',
    ]) {
      expect(
        codeOf(() => parseJson(text)),
        text,
      ).toBe("JSON_FORBIDDEN_KEY");
    }
    expect(parseJson('{"constructor":"Ford","prototype":1}')).toEqual({ constructor: "Ford", prototype: 1 });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("survives values that are not JSON at all", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(codeOf(() => assertSafeJson(cycle))).toBe("JSON_TOO_DEEP");
    expect(codeOf(() => assertSafeJson(undefined))).toBe("fine");
  });
});

describe("deepFreeze", () => {
  it("freezes everything, past undefined, cycles and parts that are frozen already", () => {
    const inner = { deep: { er: 1 } };
    const value: Record<string, unknown> = {
      a: Object.freeze({ inner }),
      none: undefined,
      nil: null,
      z: [{ y: 1 }],
    };
    value["self"] = value;
    deepFreeze(value);
    expect(Object.isFrozen(inner.deep)).toBe(true);
    expect(Object.isFrozen((value["z"] as object[])[0])).toBe(true);
    fc.assert(
      fc.property(fc.object({ maxDepth: 4 }), (any) => {
        const frozen = deepFreeze(structuredClone(any));
        const stack: unknown[] = [frozen];
        while (stack.length > 0) {
          const top = stack.pop();
          if (typeof top !== "object" || top === null) continue;
          expect(Object.isFrozen(top)).toBe(true);
          stack.push(...Object.values(top));
        }
      }),
    );
  });
});
