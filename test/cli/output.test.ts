import { describe, expect, it } from "vitest";
import { segmentsOf } from "../../src/cli/commands/config.ts";
import { scopeFor } from "../../src/cli/commands/gateway.ts";
import { describeLine } from "../../src/cli/commands/logs.ts";
import { ago, table } from "../../src/cli/output/table.ts";

describe("what people see", () => {
  it("aligns columns and cuts what would wrap", () => {
    const text = table(
      ["ID", "NAME"],
      [
        ["a", "x".repeat(80)],
        ["long-id", undefined],
      ],
      "none",
    );
    const [head, first, second] = text.split("\n");
    expect(head).toBe("ID       NAME");
    expect(first).toHaveLength(9 + 60);
    expect(second).toBe("long-id  -");
  });

  it("says so when there is nothing to show", () => {
    expect(table(["ID"], [], "No sessions yet.")).toBe("No sessions yet.");
  });

  it("lets no stored text steer the terminal", () => {
    expect(table(["A"], [["a\u001b[2Jb\nc"]], "")).toBe("A\na [2Jb c");
  });

  it("rounds ages to what matters", () => {
    expect(ago(undefined, 0)).toBe("-");
    expect(ago(1, 59_001)).toBe("59 s ago");
    expect(ago(1, 3_600_001)).toBe("1 h ago");
    expect(ago(1, 5 * 86_400_001)).toBe("5 d ago");
  });

  it("makes a log line readable and leaves foreign lines alone", () => {
    expect(
      describeLine(
        '{"level":"info","time":"2026-11-21T09:00:01.000Z","part":"gateway","port":1,"msg":"listening"}',
      ),
    ).toBe('09:00:01 info gateway: listening {"port":1}');
    expect(describeLine("plain")).toBe("plain");
  });
});

describe("what people type", () => {
  it("splits dotted paths and keeps escaped dots", () => {
    expect(segmentsOf("gateway.port")).toEqual(["gateway", "port"]);
    expect(segmentsOf("models.providers.a\\.b.key")).toEqual(["models", "providers", "a.b", "key"]);
  });

  it.each(["", "a..b", ".a", "__proto__.x", "a.constructor"])("refuses the path %j", (path) => {
    expect(() => segmentsOf(path)).toThrow();
  });

  it("asks for the least scope a method needs", () => {
    expect(scopeFor("health")).toBe("operator.read");
    expect(scopeFor("chat.history")).toBe("operator.read");
    expect(scopeFor("chat.send")).toBe("operator.write");
    expect(scopeFor("agent")).toBe("operator.admin");
    expect(scopeFor("some.plugin.method")).toBe("operator.admin");
  });
});
