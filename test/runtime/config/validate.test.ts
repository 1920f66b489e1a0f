import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../../src/runtime/config/schema.ts";
import { CONFIG_SCHEMA_VERSION } from "../../../src/runtime/config/schema-version.ts";
import { configFixture } from "./support.ts";

const schemas = () => ({
  plugins: {
    irc: {
      schema: {
        type: "object",
        required: ["nick"],
        properties: { nick: { type: "string" }, password: { type: "string" } },
        additionalProperties: false,
      },
    },
    free: {},
    odd: { schema: { $ref: "#/nowhere" } },
  },
  channels: { irc: { schema: { type: "object", properties: { port: { type: "integer" } } } } },
});

describe("validation", () => {
  it("checks plugins and channels by their manifests, without running them", async () => {
    const { config } = await configFixture({}, { schemas });
    const problems = await config.validate({
      plugins: { entries: { irc: { config: { nik: "x" } }, free: { config: { any: 1 } }, gone: {} } },
      channels: { irc: { port: "six" }, ircc: {}, defaults: {} },
    });
    expect(problems.map(({ path, severity }) => `${severity} ${path}`).sort()).toEqual([
      "error channels.irc.port",
      "error channels.ircc",
      "error plugins.entries.irc.config",
      "error plugins.entries.irc.config.nik",
      "warning plugins.entries.gone",
    ]);
    expect(problems.find((problem) => problem.path === "channels.ircc")?.message).toContain('"irc"');
  });

  it("[F160] [F163] knows the plugins that lists and slots name; an unknown memory is wrong, the rest stale", async () => {
    const { config } = await configFixture({}, { schemas });
    const found = async (plugins: object) =>
      (await config.validate({ plugins })).map(({ path, severity }) => `${severity} ${path}`);
    expect(await found({ allow: [" IRC ", "gone"], deny: ["lost"] })).toEqual([
      "warning plugins.allow.1",
      "warning plugins.deny.0",
    ]);
    expect(await found({ slots: { memory: "no-such", contextEngine: "no-such" } })).toEqual([
      "error plugins.slots.memory",
      "warning plugins.slots.contextEngine",
    ]);
    expect(await found({ slots: { memory: "memory-lancedb" } })).toEqual(["warning plugins.slots.memory"]);
    // As an installation writes it.
    expect(await found({ entries: { fresh: { enabled: true } }, slots: { memory: "fresh" } })).toEqual([
      "warning plugins.entries.fresh",
      "warning plugins.slots.memory",
    ]);
    for (const slots of [
      { memory: "none", contextEngine: "legacy" },
      { memory: "memory-core", contextEngine: "none" },
      { memory: "Free", contextEngine: "free" },
    ]) {
      expect(await found({ slots })).toEqual([]);
    }
  });

  it("asks for nothing that has a default, at any depth: published schemas describe filled-in settings", async () => {
    const account = {
      type: "object",
      required: ["nick", "policy"],
      properties: { nick: { type: "string" }, policy: { type: "string", default: "pairing" } },
    };
    const schema = {
      ...account,
      properties: {
        ...account.properties,
        accounts: { type: "object", additionalProperties: { anyOf: [account] } },
      },
    };
    const { config } = await configFixture(
      {},
      { schemas: () => ({ plugins: {}, channels: { irc: { schema } } }) },
    );
    const problems = (irc: object) => config.validate({ channels: { irc } });
    expect(await problems({ nick: "a", accounts: { work: { nick: "b" } } })).toEqual([]);
    expect((await problems({ policy: "open" })).map(({ message }) => message)).toEqual([
      expect.stringContaining("nick"),
    ]);
    expect(await problems({ nick: "a", accounts: { work: {} } })).not.toEqual([]);
  });

  it("takes a secret reference where the schema wants text, and only warns of a disabled plugin", async () => {
    const { config } = await configFixture({}, { schemas });
    const password = { source: "env", provider: "default", id: "X" };
    expect(
      await config.validate({ plugins: { entries: { irc: { config: { nick: "x", password } } } } }),
    ).toEqual([]);
    const problems = await config.validate({ plugins: { entries: { irc: { enabled: false, config: {} } } } });
    expect(problems.map((problem) => problem.severity)).toEqual(["warning"]);
  });

  it("lets a write pass that leaves an old problem of a plugin, and refuses one that adds a new one", async () => {
    const { config } = await configFixture(
      { "sluice.json": "{ plugins: { entries: { irc: { config: {} } } } }" },
      { schemas },
    );
    await config.mutate(
      (draft) => {
        draft["session"] = {};
      },
      { reason: "test" },
    );
    const attempt = config.mutate(
      (draft) => {
        draft["channels"] = { nothing: {} };
      },
      { reason: "test" },
    );
    await expect(attempt).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { issues: [{ path: "channels.nothing" }] },
    });
  });

  it("refuses what is not an object", async () => {
    const { config } = await configFixture();
    for (const candidate of [null, 5, "text", []]) {
      expect(await config.validate(candidate)).toMatchObject([{ path: "", severity: "error" }]);
    }
  });

  it("has a number for the schema that changes with it", () => {
    const digest = createHash("sha256").update(JSON.stringify(configSchema)).digest("hex").slice(0, 12);
    // When this fails: raise CONFIG_SCHEMA_VERSION and write both here.
    expect([CONFIG_SCHEMA_VERSION, digest]).toEqual([1, "2df2e11c72be"]);
  });
});
