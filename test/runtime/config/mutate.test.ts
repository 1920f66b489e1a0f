import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFixture } from "./support.ts";

const REASON = { reason: "test" };

describe("[F197] writing the configuration", () => {
  it("creates a private file and returns the next revision", async () => {
    const { config, path, store } = await configFixture();
    const result = await config.mutate((draft) => {
      draft["gateway"] = { port: 7 };
    }, REASON);
    expect(result).toMatchObject({ revision: 2, changedPaths: ["gateway.port"] });
    expect(config.current()).toMatchObject({
      hash: result.hash,
      origin: "file",
      config: { gateway: { port: 7 } },
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await store.call.configRevisions.list({ limit: 1 }))[0]).toMatchObject({
      revision: 2,
      status: "confirmed",
      origin: "write",
      reason: "test",
    });
  });

  it("keeps comments, layout and everything it did not change", async () => {
    const text = `// top
{
  // the port
  gateway: { port: 1, /* where */ bind: 'loopback', },
  agents: { defaults: { workspace: "\${HOME}/w" } }, // last
}
`;
    const { config, path } = await configFixture({ "sluice.json": text });
    await config.mutate((draft) => {
      (draft["gateway"] as { port: number }).port = 2;
    }, REASON);
    expect(await readFile(path, "utf8")).toBe(text.replace("port: 1", "port: 2"));
    expect(await readFile(`${path}.bak`, "utf8")).toBe(text);
  });

  it("refuses a stale base and says what the file is at", async () => {
    const { config, write } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const { hash } = config.current();
    await write("{ gateway: { port: 2 } }");
    const attempt = config.mutate(() => {}, { ...REASON, baseHash: hash });
    await expect(attempt).rejects.toMatchObject({
      code: "CONFIG_CONFLICT",
      details: { currentHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect((await config.refresh()).config.gateway?.port).toBe(2);
  });

  it("lets exactly one of two writers with the same base win", async () => {
    const { config } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const baseHash = config.current().hash;
    const results = await Promise.allSettled(
      [10, 20].map((port) =>
        config.mutate(
          (draft) => {
            draft["gateway"] = { port };
          },
          { ...REASON, baseHash },
        ),
      ),
    );
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
    expect(config.current().config.gateway?.port).toBe(10);
  });

  it("loses no change of many writers without a base", async () => {
    const { config } = await configFixture();
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        config.mutate((draft) => {
          draft["messages"] = { ...(draft["messages"] as object), [`k${index}`]: index };
        }, REASON),
      ),
    );
    expect(Object.keys(config.current().config.messages as object)).toHaveLength(12);
  });

  it("writes nothing when the result would be invalid, and names every issue", async () => {
    const text = "{ gateway: { port: 1 } }";
    const { config, path, folder } = await configFixture({ "sluice.json": text });
    const attempt = config.mutate((draft) => {
      draft["gateway"] = { port: 70_000 };
      draft["plugins"] = { allow: "irc" };
    }, REASON);
    await expect(attempt).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      details: { issues: [{ path: "gateway.port" }, { path: "plugins.allow" }] },
    });
    for (const poison of [JSON.parse('{"__proto__":{"a":1}}'), { constructor: { prototype: {} } }]) {
      await expect(
        config.mutate((draft) => {
          draft["messages"] = poison;
        }, REASON),
      ).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
    expect(await readFile(path, "utf8")).toBe(text);
    expect((await readdir(folder)).sort()).toEqual(["sluice.json", "state"]);
  });

  it("refuses to drop more than half of a large configuration unless told to", async () => {
    const vars = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`NAME_${index}`, "value value"]),
    );
    const { config } = await configFixture({ "sluice.json": JSON.stringify({ env: { vars } }) });
    const wipe = (draft: Record<string, unknown>) => {
      draft["env"] = {};
    };
    await expect(config.mutate(wipe, REASON)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await config.mutate(wipe, { ...REASON, allowShrink: true });
    expect(config.current().config["env"]).toEqual({});
  });

  it("changes nothing and makes no revision when the draft stays the same", async () => {
    const { config, path } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    const before = await stat(path);
    expect(await config.mutate(() => {}, REASON)).toMatchObject({
      revision: 1,
      changedPaths: [],
      followUp: { kind: "none" },
    });
    expect((await stat(path)).mtimeMs).toBe(before.mtimeMs);
  });

  it("writes over a broken file only with its hash, and keeps the broken text", async () => {
    const { config, folder, clock } = await configFixture({ "sluice.json": "{ broken" });
    const repair = (draft: Record<string, unknown>) => {
      draft["gateway"] = { port: 9 };
    };
    await expect(config.mutate(repair, REASON)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await config.mutate(repair, { ...REASON, baseHash: config.current().hash });
    expect(config.current()).toMatchObject({ origin: "file", config: { gateway: { port: 9 } } });
    expect(await readFile(join(folder, `sluice.json.rejected.${clock.now()}`), "utf8")).toBe("{ broken");
  });

  it("writes through a symbolic link", async () => {
    const { config, folder, path } = await configFixture();
    await writeFile(join(folder, "real.json"), "{ gateway: { port: 1 } }");
    await symlink("real.json", path);
    await config.mutate((draft) => {
      draft["gateway"] = { port: 2 };
    }, REASON);
    expect(await readFile(join(folder, "real.json"), "utf8")).toContain("port: 2");
  });

  it("reports a write that fails and reverts its revision", async () => {
    const { config, path, store, write } = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
    await write("in the way", "sluice.json.bak/file");
    const attempt = config.mutate((draft) => {
      draft["gateway"] = { port: 2 };
    }, REASON);
    await expect(attempt).rejects.toMatchObject({ code: "CONFIG_WRITE_FAILED" });
    expect((await store.call.configRevisions.list({ limit: 1 }))[0]).toMatchObject({ status: "reverted" });
    expect(await readFile(path, "utf8")).toBe("{ gateway: { port: 1 } }");
    expect(config.current().config.gateway?.port).toBe(1);
  });
});

describe("what has to follow a write", () => {
  const written = async (
    change: (draft: Record<string, unknown>) => void,
    afterWrite?: { mode: "none"; reason: string },
  ) => {
    const { config } = await configFixture({
      "sluice.json": "{ gateway: { port: 1 }, plugins: { entries: { irc: { enabled: true } } } }",
    });
    return (await config.mutate(change, { ...REASON, ...(afterWrite ? { afterWrite } : {}) })).followUp;
  };

  it("is a restart, a reload of the plugins concerned, or nothing, by the longest matching prefix", async () => {
    const set = (path: string, value: unknown) => (draft: Record<string, unknown>) => {
      const keys = path.split(".");
      const last = keys.pop() as string;
      let node = draft;
      for (const key of keys) {
        node[key] ??= {};
        node = node[key] as Record<string, unknown>;
      }
      node[last] = value;
    };
    expect(await written(set("gateway.port", 2))).toEqual({
      kind: "restart",
      reason: "gateway.port changed",
    });
    expect(await written(set("gateway.reload.mode", "off"))).toEqual({ kind: "none" });
    expect(await written(set("somethingElse", 2))).toMatchObject({ kind: "restart" });
    expect(await written(set("plugins.entries.irc.config", { nick: "x" }))).toEqual({
      kind: "reload",
      plugins: ["irc"],
    });
    expect(await written(set("channels.irc.nick", "x"))).toEqual({ kind: "reload", plugins: ["irc"] });
    expect(await written(set("plugins.allow", ["irc"]))).toEqual({ kind: "reload", plugins: ["*"] });
    expect(await written(set("gateway.port", 2), { mode: "none", reason: "later" })).toEqual({
      kind: "none",
    });
  });
});
