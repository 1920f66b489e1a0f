import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coreProblems } from "../../../src/runtime/config/core-check.ts";
import { isFlawless } from "../../../src/runtime/config/quick-check.ts";
import { type CoreSchema, configSchema } from "../../../src/runtime/config/schema.ts";
import { validateCore } from "../../../src/runtime/config/validate.ts";

/** Names that hit what other checks look for as well. */
const names = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("source", "port", "a\nb", "__proto__"));

/** Values that fit a schema, and beside them those that nearly do. */
function near(schema: CoreSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function fitting(schema: CoreSchema): fc.Arbitrary<unknown> {
  if ("anyOf" in schema) return fc.oneof(...schema.anyOf.map(near));
  if (schema.type === "string") {
    return schema.const === undefined ? fc.string({ maxLength: 8 }) : fc.constant(schema.const);
  }
  if (schema.type === "boolean") return fc.boolean();
  if (schema.type === "array") return fc.array(near(schema.items), { maxLength: 3 });
  if (schema.type === "object") {
    const named = fc.record(
      Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, child]) => [key, near(child)])),
      { requiredKeys: [...(schema.required ?? [])] },
    );
    const every = schema.patternProperties?.["^.*$"];
    return every ? fc.dictionary(names, near(every), { maxKeys: 3 }) : named;
  }
  const { minimum, maximum = 1_000_000 } = schema;
  const around = fc.integer({ min: minimum - 1, max: maximum + 1 });
  return fc.oneof(around, fc.constantFrom(minimum, maximum, minimum + 0.5));
}

describe("the quick check of a configuration", () => {
  it("takes no configuration for flawless that the whole check has something to say of", () => {
    fc.assert(
      fc.property(near(configSchema), (candidate) => {
        if (typeof candidate !== "object" || candidate === null || Array.isArray(candidate)) return;
        const record = candidate as Record<string, unknown>;
        if (isFlawless(record)) expect(validateCore(record)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it("knows an ordinary configuration as flawless", () => {
    const candidate = {
      $schema: "x",
      gateway: { port: 18_789, auth: { mode: "token", token: { source: "env", provider: "env", id: "T" } } },
      plugins: { allow: ["echo"], entries: { echo: { enabled: true, hooks: { timeouts: { a: 5 } } } } },
      agents: { defaults: { timeoutSeconds: 1.5 }, entries: { main: {} } },
      session: { dmScope: "main", identityLinks: { me: ["irc:me"] } },
      tools: { anything: 1 },
      env: { vars: { A: "b" } },
    };
    expect(isFlawless(candidate)).toBe(true);
    expect(validateCore(candidate)).toEqual([]);
  });

  it.each([
    [{ gateway: { port: 65_536 } }],
    [{ gateway: { auth: { mode: "open" } } }],
    [{ gateway: { auth: { token: { source: "env", provider: "env" } } } }],
    [{ plugins: { allow: "echo" } }],
    [{ plugins: { entries: { echo: { hooks: { timeoutMs: 0 } } } } }],
    [{ unheardOf: true }],
    [{ messages: [] }],
    [JSON.parse('{"tools":{"__proto__":{}}}') as Record<string, unknown>],
  ])("leaves %j to the whole check", async (candidate) => {
    expect(isFlawless(candidate)).toBe(false);
    expect(await coreProblems(candidate)).toEqual(validateCore(candidate));
    expect(validateCore(candidate)).not.toEqual([]);
  });
});
