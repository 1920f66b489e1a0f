import { expect, it } from "vitest";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { SESSION_HOOKS_WAIT_MS, SessionHooks } from "../../../src/runtime/sessions/session-hooks.ts";
import type { SessionRecord } from "../../../src/store/procedures/session-rows.ts";

it("waits for what plugins are told of a session, and goes on when a handler never ends", async () => {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const hooks = {
    has: () => true,
    run: (hook: string, event: object) => {
      told.push([hook, event]);
      return new Promise(() => {});
    },
  };
  const session = { sessionId: "s", sessionKey: "agent:main:one", agentId: "main" } as SessionRecord;
  const started = new SessionHooks({
    hooks: hooks as never,
    store: {} as never,
    clock,
    logger: silentLogger,
  }).started(session);
  let over = false;
  void started.then(() => {
    over = true;
  });
  await clock.advance(SESSION_HOOKS_WAIT_MS - 1);
  expect(over).toBe(false);
  await clock.advance(1);
  await started;
  expect(told).toEqual([["session_start", { sessionId: "s", sessionKey: "agent:main:one" }]]);
  expect(clock.armed).toBe(0);
});
