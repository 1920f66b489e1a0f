import { createServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Scope } from "../../src/kernel/scope.ts";
import { PluginInstance } from "../../src/plugins/loading/instance.ts";
import { Leftovers, MAX_REMEMBERED } from "../../src/plugins/watchdog/leftovers.ts";

/** An instance of a plugin whose code lies here, unless this folder counts as the host's. */
function plugin(hostFolders: readonly string[] = []) {
  const said: string[] = [];
  const leftovers = new Leftovers((pluginId, message) => said.push(`${pluginId}: ${message}`), hostFolders);
  onTestFinished(() => leftovers.dispose());
  const instance = new PluginInstance("x", 1, new Scope("test"));
  return { said, leftovers, instance };
}

const isOpen = (timer: NodeJS.Timeout) => !(timer as unknown as { _destroyed: boolean })._destroyed;

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

it("closes intervals and listening sockets that an instance left, and names them", async () => {
  const { said, leftovers, instance } = plugin();
  const opened = instance.run(() => ({
    left: [setInterval(() => {}, 10_000), setInterval(() => {}, 10_000)],
    closed: setInterval(() => {}, 10_000),
    web: createServer().listen(0, "127.0.0.1"),
    tidy: createTcpServer().listen(0, "127.0.0.1"),
  }));
  clearInterval(opened.closed);
  await Promise.all([listening(opened.web), listening(opened.tidy)]);
  await new Promise((resolve) => opened.tidy.close(resolve));
  leftovers.settle(instance);
  expect(said).toEqual([
    "x: it left 2 intervals and 1 listening socket open when it was unloaded; they were closed. Close them in api.lifecycle.onDispose",
  ]);
  expect(opened.left.map(isOpen)).toEqual([false, false]);
  expect(opened.web.listening).toBe(false);
  leftovers.settle(instance);
  expect(said).toHaveLength(1);
});

it("remembers what is opened later, in what the plugin started", async () => {
  const { said, leftovers, instance } = plugin();
  await instance.run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    setInterval(() => {}, 10_000);
  });
  leftovers.settle(instance);
  expect(said).toEqual([expect.stringContaining("1 interval open")]);
});

it("leaves alone what the host opens while a plugin runs, and what opens outside of plugins", () => {
  const { said, leftovers, instance } = plugin([import.meta.dirname]);
  const hosts = instance.run(() => setInterval(() => {}, 10_000));
  const nobodys = setInterval(() => {}, 10_000);
  leftovers.settle(instance);
  expect([hosts, nobodys].map(isOpen)).toEqual([true, true]);
  expect(said).toEqual([]);
  clearInterval(hosts);
  clearInterval(nobodys);
});

it("remembers a bounded number of things", () => {
  const { said, leftovers, instance } = plugin();
  const timers = instance.run(() =>
    Array.from({ length: MAX_REMEMBERED + 1 }, () => setInterval(() => {}, 10_000)),
  );
  leftovers.settle(instance);
  expect(said).toEqual([expect.stringContaining(`left ${MAX_REMEMBERED} intervals`)]);
  expect(timers.filter(isOpen)).toHaveLength(1);
  for (const timer of timers) clearInterval(timer);
});

it("gives the process its own functions back", () => {
  const before = setInterval;
  const { leftovers } = plugin();
  expect(setInterval).not.toBe(before);
  leftovers.dispose();
  expect(setInterval).toBe(before);
});
