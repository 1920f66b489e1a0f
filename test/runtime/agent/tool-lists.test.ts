import { expect, it } from "vitest";
import { isExclusive, isListed } from "../../../src/runtime/agent/tool-lists.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { FOREVER_MS, openRoom, say } from "./support.ts";

/** Names of the tools an agent is offered under these settings. */
async function offeredWith(config: SluiceConfig): Promise<string[]> {
  let offered: string[] = [];
  const tools = ["web_search", "message", "notes", "weather"].map((name) => ({
    name,
    description: name,
    parameters: { type: "object", properties: {} },
    execute: async () => ({ content: [] }),
  }));
  const room = await openRoom({
    tools,
    config,
    script: (context) => {
      offered = (context.tools ?? []).map(({ name }) => name);
      return say("ok");
    },
  });
  const request = room.request({});
  await room.agent.accept(request);
  await room.agent.wait(request.runId, FOREVER_MS);
  return offered;
}

it("[F054] an allow list that names tools of the host leaves out everything it does not name", async () => {
  expect(await offeredWith({})).toEqual(["web_search", "message", "notes", "weather"]);
  expect(await offeredWith({ tools: { allow: ["web_search"] } })).toEqual(["web_search"]);
  expect(await offeredWith({ tools: { allow: ["web_search"], alsoAllow: ["notes"] } })).toEqual([
    "web_search",
    "notes",
  ]);
  expect(await offeredWith({ tools: { allow: ["read", "exec"] } })).toEqual([]);
  expect(await offeredWith({ tools: { allow: ["group:fs", "*"] } })).toHaveLength(4);
});

it("[F054] the list of an agent narrows the list of all, and a refusal wins over both", async () => {
  const agents = (own: object) => ({ agents: { list: [{ id: "main", tools: own }] } });
  expect(await offeredWith(agents({ allow: ["web_search", "weather"] }))).toEqual(["web_search", "weather"]);
  const both = { ...agents({ allow: ["message"] }), tools: { allow: ["web_search", "message"] } };
  expect(await offeredWith(both)).toEqual(["message"]);
  expect(await offeredWith({ tools: { allow: ["message", "notes"], deny: ["notes"] } })).toEqual(["message"]);
  expect(await offeredWith({ tools: { deny: ["*"] } })).toEqual([]);
});

it("[F054] a list of plugins' tools alone opens what is optional and closes nothing", async () => {
  expect(await offeredWith({ tools: { allow: ["notes"] } })).toHaveLength(4);
  expect(isExclusive(["notes", "group:plugins", "*"])).toBe(false);
  expect(isExclusive(["notes", "group:web"])).toBe(true);
  expect(isExclusive(["notes", "message"])).toBe(true);
});

it("names tools by name, by plugin and by group; the host's own are in no plugin's group", () => {
  const search = { name: "web_search", owner: "core" };
  const notes = { name: "notes", owner: "notebook" };
  for (const list of [["web_search"], ["group:web"], ["*"]]) expect(isListed(list, search)).toBe(true);
  for (const list of [[], ["core"], ["group:plugins"], ["group:fs"], ["constructor"]])
    expect(isListed(list, search)).toBe(false);
  for (const list of [["notes"], ["notebook"], ["group:plugins"]]) expect(isListed(list, notes)).toBe(true);
  for (const list of [[], ["group:web"], ["Notes"]]) expect(isListed(list, notes)).toBe(false);
});
