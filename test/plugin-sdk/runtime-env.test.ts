import { describe, expect, it, onTestFinished } from "vitest";
import { registerUnhandledRejectionHandler, toPinoLikeLogger } from "../../src/plugin-sdk/runtime-env.ts";
import { ProcessGuard } from "../../src/plugins/watchdog/process-guard.ts";

describe("a logger for libraries that expect pino", () => {
  it("takes facts first, has children, and drops what is below its level", () => {
    const lines: unknown[][] = [];
    const write = (level: string) => (message: string, meta?: object) =>
      void lines.push([level, message, meta]);
    const logger = toPinoLikeLogger(
      {
        trace: write("trace"),
        debug: write("debug"),
        info: write("info"),
        warn: write("warn"),
        error: write("error"),
        fatal: write("fatal"),
      },
      "warn",
    );
    logger.info({ a: 1 }, "quiet");
    logger.warn({ a: 1 }, "loud");
    logger.child({ module: "m" }).error("plain");
    logger.error({ b: 2 });
    expect(lines).toEqual([
      ["warn", "loud", { a: 1 }],
      ["error", "plain", { module: "m" }],
      ["error", "", { b: 2 }],
    ]);
    expect(logger.level).toBe("warn");
  });
});

describe("a rejection that nobody awaited", () => {
  it("is a plugin's own affair when its handler claims it", () => {
    const reports: string[] = [];
    const before = process.listeners("unhandledRejection");
    const guard = new ProcessGuard({
      roots: () => [{ pluginId: "chat", folder: import.meta.dirname }] as never,
      report: (pluginId) => reports.push(pluginId),
    });
    onTestFinished(() => guard.dispose());
    const [listener] = process.listeners("unhandledRejection").filter((one) => !before.includes(one));
    const reject = (error: Error) => listener?.(error, Promise.resolve());
    const failing = registerUnhandledRejectionHandler(() => {
      throw new Error("handler failed");
    });
    const release = registerUnhandledRejectionHandler((reason) => String(reason).includes("crypto"));
    reject(new Error("crypto: bad mac"));
    expect(reports).toEqual([]);
    release();
    failing();
  });
});
