import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CATALOGUE } from "../../../src/gateway/rpc/catalogue.ts";
import { DYNAMIC_SCOPE_METHODS, scopeOf } from "../../../src/protocol/method-scopes.ts";
import { publishedMethods } from "../support/schema.ts";

const groups = await Promise.all(
  CATALOGUE.map(async (group) => ({ names: group.names, methods: (await group.load()).default })),
);
const methods = groups.flatMap((group) => group.methods);

it("names exactly what each group exports", () => {
  for (const { names, methods: exported } of groups) {
    expect(exported.map((method) => method.name).sort()).toEqual([...names].sort());
  }
  expect(new Set(methods.map((method) => method.name)).size).toBe(methods.length);
});

it("gives every protocol method the scope the protocol gives it", () => {
  for (const method of methods) {
    const expected = scopeOf(method.name);
    if (expected === undefined || DYNAMIC_SCOPE_METHODS.has(method.name)) continue;
    expect(typeof method.scope === "function" ? "dynamic" : method.scope, method.name).toBe(expected);
  }
});

it("agrees with the scopes of the published contract", () => {
  for (const { name, scope } of methods) {
    const published = publishedMethods[name];
    if (!published || scope === "none" || DYNAMIC_SCOPE_METHODS.has(name)) continue;
    expect(scope, name).toBe(published.scope);
  }
});

it("says of every method in one sentence what it does", () => {
  for (const method of methods) {
    expect(method.summary, method.name).toMatch(/^[A-Z].{10,160}\.$/);
  }
});

it("has a reference page that is not stale", () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const child = spawnSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect(child.stderr).toBe("");
  expect(child.status).toBe(0);
});
