import { describe, expect, it } from "vitest";
import { serviceEvents } from "../../src/plugins/service-events.ts";

function room() {
  const sent: unknown[][] = [];
  const stop = new AbortController();
  const events = serviceEvents("notes", (...event) => void sent.push(event), stop.signal);
  return { sent, stop, events };
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
});
