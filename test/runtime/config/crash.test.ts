import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import json5 from "json5";
import { expect, it } from "vitest";
import { buildScript } from "../../store/support/build-worker.ts";
import { configFixture } from "./support.ts";

const pending = (hash: string) => ({
  hash,
  reason: "crash",
  source: "{ gateway: { port: 2 } }",
  effective: '{"gateway":{"port":2}}',
  checked: '{"schema":1,"problems":[]}',
  now: 0,
});

it("reverts at the next start a write whose process died before the file changed", async () => {
  const fixture = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
  const { revision } = fixture.config.current();
  await fixture.store.call.configRevisions.begin(pending("the hash the file never had"));
  await writeFile(`${fixture.path}.tmp`, "half a fi");
  const config = await fixture.restart();
  expect(config.current()).toMatchObject({ revision, origin: "file", config: { gateway: { port: 1 } } });
  expect((await fixture.store.call.configRevisions.list({ limit: 1 }))[0]).toMatchObject({
    status: "reverted",
  });
  await config.mutate(
    (draft) => {
      draft["gateway"] = { port: 3 };
    },
    { reason: "after" },
  );
  expect(await readFile(fixture.path, "utf8")).toContain("port: 3");
});

it("confirms at the next start a write whose process died after the file changed", async () => {
  const fixture = await configFixture({ "sluice.json": "{ gateway: { port: 1 } }" });
  await fixture.write("{ gateway: { port: 2 } }");
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256").update("{ gateway: { port: 2 } }").digest("hex");
  const revision = await fixture.store.call.configRevisions.begin(pending(hash));
  const config = await fixture.restart();
  expect(config.current()).toMatchObject({ revision, origin: "file", config: { gateway: { port: 2 } } });
  expect(await fixture.store.call.configRevisions.get({ revision })).toMatchObject({ status: "confirmed" });
});

const ROUNDS = 5;

it("keeps every acknowledged write, and a file that parses, through kill -9", {
  timeout: 30_000,
}, async () => {
  const script = await buildScript(
    "config-writer",
    `import { run } from "../../runtime/config/writer-process.ts"; void run();`,
  );
  const fixture = await configFixture({ "sluice.json": "// mine\n{ messages: { count: 0 } }\n" });
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await fixture.config.dispose();
    await fixture.store.dispose();
    const child = spawn(process.execPath, [script, fixture.path], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line));
      // The first answer starts the clock; the kill falls anywhere in the writes after it.
      setTimeout(() => child.kill("SIGKILL"), Math.random() * 40);
    }
    await exited;
    const text = await readFile(fixture.path, "utf8");
    const { count } = (json5.parse(text) as { messages: { count: number } }).messages;
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    const config = await fixture.restart();
    expect(config.current()).toMatchObject({ origin: "file", config: { messages: { count } } });
    const revisions = await fixture.store.call.configRevisions.list({ limit: 100 });
    expect(revisions.filter((revision) => revision.status === "pending")).toEqual([]);
    expect(text.startsWith("// mine\n")).toBe(true);
  }
  expect(acknowledged).toBeGreaterThan(ROUNDS);
});
