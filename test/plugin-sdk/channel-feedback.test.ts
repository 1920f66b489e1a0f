import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createStatusReactionController,
  DEFAULT_EMOJIS,
  DEFAULT_TIMING,
} from "../../src/plugin-sdk/channel-feedback.ts";

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

function reactions(options: Partial<Parameters<typeof createStatusReactionController>[0]> = {}) {
  const log: string[] = [];
  const controller = createStatusReactionController({
    enabled: true,
    initialEmoji: "👋",
    adapter: {
      setReaction: async (emoji) => void log.push(`+${emoji}`),
      removeReaction: async (emoji) => void log.push(`-${emoji}`),
    },
    ...options,
  });
  return { controller, log, wait: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe("the reaction that tells how a turn stands", () => {
  it("shows what lasts, one at a time, and ends at once", async () => {
    const { controller, log, wait } = reactions();
    await controller.setQueued();
    void controller.setThinking();
    await wait(100);
    void controller.setTool("exec");
    await wait(DEFAULT_TIMING.debounceMs);
    void controller.setTool("web_search");
    await controller.setDone();
    await wait(60_000);
    expect(log).toEqual([
      "+👋",
      `+${DEFAULT_EMOJIS.coding}`,
      "-👋",
      `+${DEFAULT_EMOJIS.done}`,
      `-${DEFAULT_EMOJIS.coding}`,
    ]);
    await controller.setError();
    expect(log).toHaveLength(5);
  });

  it("says when nothing has happened for long, and takes that back with the next news", async () => {
    const { controller, log, wait } = reactions({ emojis: { stallHard: "🆘" } });
    void controller.setThinking();
    await wait(DEFAULT_TIMING.stallSoftMs);
    expect(log.at(-2)).toBe(`+${DEFAULT_EMOJIS.stallSoft}`);
    await wait(DEFAULT_TIMING.stallHardMs - DEFAULT_TIMING.stallSoftMs);
    expect(log.at(-2)).toBe("+🆘");
    void controller.setCompacting();
    await wait(DEFAULT_TIMING.debounceMs);
    expect(log.at(-2)).toBe(`+${DEFAULT_EMOJIS.compacting}`);
    controller.cancelPending();
    const shown = log.length;
    await wait(60_000);
    expect(log).toHaveLength(shown);
  });

  it("goes back to the first emoji after the end was seen, or goes away", async () => {
    const { controller, log, wait } = reactions();
    await controller.setQueued();
    await controller.setError();
    const restored = controller.restoreInitial();
    await wait(DEFAULT_TIMING.errorHoldMs - 1);
    expect(log.at(-2)).toBe(`+${DEFAULT_EMOJIS.error}`);
    await wait(1);
    await restored;
    expect(log.slice(-2)).toEqual(["+👋", `-${DEFAULT_EMOJIS.error}`]);
    await controller.clear();
    await controller.setQueued();
    expect(log.at(-1)).toBe("-👋");
  });

  it("as an acknowledgement it does not show what happens on the way", async () => {
    const { controller, log, wait } = reactions({ presentation: "acknowledgement" });
    await controller.setQueued();
    void controller.setThinking();
    void controller.setTool("exec");
    await wait(60_000);
    await controller.setDone();
    expect(log).toEqual(["+👋", `+${DEFAULT_EMOJIS.done}`, "-👋"]);
  });

  it("a failing platform is reported and does not stop the rest; switched off it does nothing", async () => {
    const errors: unknown[] = [];
    const { controller } = reactions({
      adapter: { setReaction: () => Promise.reject(new Error("no")) },
      onError: (error) => errors.push(error),
    });
    await controller.setQueued();
    await controller.setDone();
    expect(errors).toHaveLength(2);
    const off = reactions({ enabled: false });
    await off.controller.setQueued();
    await off.controller.setDone();
    await off.controller.restoreInitial();
    expect(off.log).toEqual([]);
  });
});
