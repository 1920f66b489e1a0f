import { describe, expect, it } from "vitest";
import { resolvePluginConfig } from "../../../src/plugins/config/plugin-config.ts";
import { pluginBench } from "../support/plugin-bench.ts";

const filled = async (schema: object, given: object = {}) =>
  resolvePluginConfig(schema as Record<string, unknown>, given as Record<string, unknown>);

describe("defaults of a config schema", () => {
  it("[F249] are in api.pluginConfig, those inside of a default and beside a reference included", async () => {
    const bench = await pluginBench();
    await bench.write("global", "told", {
      register: "globalThis.toldConfig = api.pluginConfig;",
      manifest: {
        activation: { onStartup: true },
        configSchema: {
          type: "object",
          $defs: { port: { type: "integer", default: 80 } },
          properties: {
            port: { $ref: "#/$defs/port" },
            other: { $ref: "#/$defs/port", default: 81 },
            nest: { type: "object", default: {}, properties: { deep: { type: "boolean", default: true } } },
            rows: { default: [{}], items: { properties: { size: { default: 3 } } } },
            bare: { type: "object", properties: { deep: { default: true } } },
          },
        },
      },
    });
    await bench.host.start();
    expect((globalThis as { toldConfig?: unknown }).toldConfig).toEqual({
      port: 80,
      other: 81,
      nest: { deep: true },
      rows: [{ size: 3 }],
    });
  });

  it("never take the place of what was written", async () => {
    const properties = { a: { default: { b: 1 }, properties: { b: { default: 2 }, c: { default: 3 } } } };
    const { value } = await filled({ properties }, { a: { b: 9 } });
    expect(value).toEqual({ a: { b: 9, c: 3 } });
    expect((await filled({ properties })).value).toEqual({ a: { b: 1, c: 3 } });
    expect((await filled({ properties }, { a: null })).value).toEqual({ a: null });
  });

  it("make a required setting one that may be left out, also through a reference", async () => {
    const schema = {
      required: ["a", "b"],
      $defs: { one: { type: "integer", default: 1 } },
      properties: { a: { $ref: "#/$defs/one" }, b: { type: "object", required: ["c"], default: {} } },
    };
    const { value, problems } = await filled(schema);
    expect(value).toEqual({ a: 1, b: {} });
    expect(problems.join()).toContain("b");
    expect((await filled(schema, { b: { c: 1 } })).problems).toEqual([]);
  });

  it("end in a schema that is its own part", async () => {
    const own = { $ref: "#", default: {} };
    const { value, problems } = await filled({ type: "object", properties: { left: own, right: own } });
    expect(problems).toEqual([]);
    expect(Object.keys(value)).toEqual(["left", "right"]);
    expect(JSON.stringify(value).length).toBeLessThan(200);
  });
});
