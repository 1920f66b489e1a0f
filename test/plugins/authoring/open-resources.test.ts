import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_OPEN_RESOURCES, OpenResources } from "../../../src/plugins/authoring/open-resources.ts";
import type { PluginInstance } from "../../../src/plugins/loading/instance.ts";
import { pluginScope } from "../../../src/plugins/loading/plugin-scope.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs as the code of a plugin does. */
function asPlugin<T>(work: () => T): T {
  return pluginScope().run({ pluginId: "sample" } as PluginInstance, work);
}

describe("what plugins leave open", () => {
  const watching: OpenResources[] = [];
  const watch = () => {
    const watched = new OpenResources(import.meta.dirname);
    watching.push(watched);
    return watched;
  };
  afterEach(() => {
    for (const watched of watching.splice(0)) watched.dispose();
  });

  it("names timers and sockets of plugins with their place, until they are closed", async () => {
    const watched = watch();
    const timer = asPlugin(() => setInterval(() => {}, 60_000));
    const server = asPlugin(() => createServer());
    await new Promise<void>((resolve) => asPlugin(() => server.listen(0, "127.0.0.1", resolve)));
    const left = watched.left();
    expect(left).toContainEqual(
      expect.stringMatching(/^left open: 1 × timer opened at open-resources\.test\.ts:\d+$/),
    );
    expect(left).toContainEqual(expect.stringContaining("1 × listening socket"));
    clearInterval(timer);
    await new Promise((resolve) => server.close(resolve));
    await turn();
    await turn();
    expect(watched.left()).toEqual([]);
  });

  it("counts nothing of others, and no timer that lets the process end", () => {
    const watched = watch();
    const other = setInterval(() => {}, 60_000);
    asPlugin(() => setInterval(() => {}, 60_000).unref());
    expect(watched.left()).toEqual([]);
    clearInterval(other);
  });

  it("remembers no more than its limit", () => {
    const watched = watch();
    const timers = asPlugin(() =>
      Array.from({ length: MAX_OPEN_RESOURCES + 1 }, () => setTimeout(() => {}, 60_000)),
    );
    expect(watched.left()[0]).toContain(`${MAX_OPEN_RESOURCES} × timer`);
    for (const timer of timers) clearTimeout(timer);
  });
});
