import { describe, expect, it } from "vitest";
import { Emitter } from "../../src/kernel/emitter.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import { serviceEvents } from "../../src/plugins/service-events.ts";

function room() {
  const sent: unknown[][] = [];
  const stop = new AbortController();
  const sessions = new Emitter<object>(() => {});
  const events = serviceEvents({
    pluginId: "notes",
    publish: (...event) => void sent.push(event),
    sessionChanges: (listener) => sessions.on(listener),
    signal: stop.signal,
    logger: silentLogger,
  });
  return { sent, stop, events, sessions };
}

describe("events of a plugin's service", () => {
  it("are named after the plugin and carry the scope they ask for", () => {
    const { sent, events } = room();
    events.emit("stored", { count: 2 }, { scope: "operator.read" });
    expect(sent).toEqual([["plugin.notes.stored", { count: 2 }, "operator.read"]]);
  });

  it("end with the service", () => {
    const { sent, stop, events } = room();
    stop.abort();
    events.emit("stored", {}, { scope: "operator.read" });
    expect(sent).toEqual([]);
  });

  it.each([
    ["a name of two segments", "a.b", {}, "operator.read"],
    ["an upper-case name", "Stored", {}, "operator.read"],
    ["a name that is too long", "x".repeat(65), {}, "operator.read"],
    ["a foreign scope", "stored", {}, "operator.pairing"],
    ["a payload that is not JSON", "stored", { at: new Date() }, "operator.read"],
  ])("refuse %s", (_what, event, payload, scope) => {
    const { sent, events } = room();
    expect(() => events.emit(event, payload, { scope: scope as "operator.read" })).toThrow(
      expect.objectContaining({ code: "PLUGIN_EVENT_INVALID" }),
    );
    expect(sent).toEqual([]);
  });

  it("hear of changed sessions until they unsubscribe or end, whatever a handler does", async () => {
    const { stop, events, sessions } = room();
    const heard: string[] = [];
    events.onSessionsChanged(() => {
      throw new Error("boom");
    });
    events.onSessionsChanged((async () => {
      throw new Error("later");
    }) as () => void);
    const leave = events.onSessionsChanged(({ sessionKey }) => void heard.push(`one ${sessionKey}`));
    events.onSessionsChanged(({ sessionKey }) => void heard.push(`two ${sessionKey}`));
    sessions.emit({ sessionKey: "a" });
    leave();
    leave();
    sessions.emit({ sessionKey: "b" });
    stop.abort();
    sessions.emit({ sessionKey: "c" });
    expect(heard).toEqual(["one a", "two a", "two b"]);
    expect(sessions.size).toBe(0);
    expect(() => events.onSessionsChanged("no" as never)).toThrow(
      expect.objectContaining({ code: "PLUGIN_EVENT_INVALID" }),
    );
  });
});
