import { describe, expect, it, onTestFinished, vi } from "vitest";
import { segmentsOf } from "../../src/cli/commands/config.ts";
import { scopeFor } from "../../src/cli/commands/gateway.ts";
import { describeLine } from "../../src/cli/commands/logs.ts";
import { Output } from "../../src/cli/output/output.ts";
import { complaintsOf, describeComplaints, describePlugin } from "../../src/cli/output/plugin-report.ts";
import { ago, table } from "../../src/cli/output/table.ts";

describe("what people see", () => {
  it("aligns columns, cuts long cells, and keeps the last one whole in a pipe", () => {
    const text = table(
      ["ID", "NAME", "WHY"],
      [
        ["a", "x".repeat(80), "y".repeat(80)],
        ["long-id", undefined, undefined],
      ],
      "none",
    );
    const [head, first, second] = text.split("\n");
    expect(head).toBe(`ID       ${"NAME".padEnd(60)}  WHY`);
    expect(first).toBe(`a        ${"x".repeat(59)}…  ${"y".repeat(80)}`);
    expect(second).toBe(`long-id  ${"-".padEnd(60)}  -`);
  });

  it("lets the last column go on below itself on a narrow terminal", () => {
    const text = table(["ID", "WHY"], [["irc", "bundled default enablement; loads on first use"]], "", 30);
    expect(text.split("\n")).toEqual([
      "ID   WHY",
      "irc  bundled default",
      "     enablement; loads on",
      "     first use",
    ]);
    // Words longer than the column break anywhere; nothing is lost.
    const long = table(["ID", "WHY"], [["irc", "x".repeat(60)]], "", 30);
    expect(Math.max(...long.split("\n").map((line) => line.length))).toBe(30);
    expect(long.replace(/[^x]/g, "")).toHaveLength(60);
  });

  it("says so when there is nothing to show", () => {
    expect(table(["ID"], [], "No sessions yet.")).toBe("No sessions yet.");
  });

  it("shows a plugin's report as text: how it stands, what it brings, what is wrong", () => {
    const text = describePlugin(
      {
        plugin: {
          id: "garden",
          name: "Garden",
          version: "1.2.3",
          description: "Waters the plants",
          origin: "global",
          source: "/plugins/garden/index.js",
          status: "loaded",
          reason: "enabled in config",
        },
        shape: "hook-only",
        contributions: { typedHook: ["message_received"] },
        policy: { allowPromptInjection: true },
        compatibility: { signal: "compatibility advisory", notices: [{ message: "registers hooks only" }] },
        install: { resolvedSpec: "garden@1.2.3" },
        missingSdkNames: ["core#later", "core#latr"],
        unknownSdkNames: ["core#latr"],
        diagnostics: [{ level: "error", code: "route-auth-invalid", message: "a\u001b[2J route needs auth" }],
      },
      60,
    );
    expect(text.split("\n")).toEqual([
      "Garden (garden) 1.2.3",
      "Waters the plants",
      "",
      "status     loaded (enabled in config)",
      "shape      hook-only",
      "signal     compatibility advisory (registers hooks only)",
      "found      global, /plugins/garden/index.js",
      "installed  garden@1.2.3",
      "hooks      may change prompts, does not read conversations",
      "",
      "Registers",
      "  typedHook  message_received",
      "",
      "Imports SDK names this gateway only links (1); using one throws",
      "    core#later",
      "",
      "Imports SDK names that are newer than this gateway, or misspelt (1); using one throws",
      "    core#latr",
      "",
      "Diagnostics",
      "  error route-auth-invalid",
      "    a [2J route needs auth",
    ]);
    const many = {
      plugin: { id: "a" },
      contributions: { tool: Array.from({ length: 30 }, (_, n) => `t${n}`) },
    };
    expect(describePlugin(many)).toContain("t23 and 6 more (see --json)");
  });

  it("complains of names that are in no inventory", () => {
    const report = { plugin: { id: "garden" }, unknownSdkNames: ["core#latr"] };
    expect(describeComplaints(complaintsOf(report))).toEqual([
      "warning: garden: the SDK name core#latr is newer than this gateway, or misspelt",
    ]);
  });

  it("tells complaints in one line each and keeps remarks to itself", () => {
    const of = (level: string) => ({ level, code: "x", message: level, pluginId: "garden" });
    expect(describeComplaints([of("error"), of("warn"), of("info")])).toEqual([
      "error: garden: error",
      "warning: garden: warn",
    ]);
  });

  it("prints JSON that steers no terminal and has the same values", () => {
    const written: string[] = [];
    const stdout = { write: (text: string) => written.push(text) };
    const output = new Output({ json: true, stdout, stderr: stdout });
    const value = { name: "a\u009b2J\u202egnp.exe\u001b[2J" };
    output.result(value, () => "");
    output.line(JSON.stringify(value), (text) => text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
    expect(written.join("")).not.toMatch(/[\u001b\u009b\u202e]/);
    expect(written.map((text) => JSON.parse(text))).toEqual([value, value]);
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

describe("progress on a terminal", () => {
  it("runs over no question and no line, and shows the innermost work only", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let written = "";
    const stderr = {
      isTTY: true,
      write(text: string) {
        written += text;
      },
    };
    const output = new Output({ json: false, stdout: { write: () => {} }, stderr });
    const seconds = async (count: number) => {
      written = "";
      await vi.advanceTimersByTimeAsync(count * 1_000);
      return written;
    };
    const [outer, inner, asked] = [gate(), gate(), gate()];
    const whole = output.progress("outer", outer.opened);
    expect(await seconds(1)).toBe("\r\u001b[Kouter… 1 s");
    written = "";
    output.note("a line");
    expect(written).toBe("\r\u001b[Ka line\n");
    const part = output.progress("inner", inner.opened);
    expect(await seconds(1)).toBe("\r\u001b[Kinner… 1 s");
    written = "";
    const question = output.question(() => asked.opened);
    expect(written).toBe("\r\u001b[K");
    expect(await seconds(5)).toBe("");
    asked.open();
    await question;
    expect(await seconds(1)).toBe("\r\u001b[Kinner… 7 s");
    inner.open();
    await part;
    expect(await seconds(1)).toBe("\r\u001b[Kouter… 9 s");
    outer.open();
    await whole;
    expect(await seconds(5)).toBe("");
  });
});

function gate(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
