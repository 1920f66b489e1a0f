import { expect, test } from "vitest";
import { accountsToRestart } from "../../../src/channels/accounts/config-changes.ts";
import {
  AccountSupervisor,
  CONFIGURED_WAIT_MS,
  MAX_RESTARTS,
  RESTART_MAX_MS,
  restartDelayMs,
  STOP_LIMIT_MS,
} from "../../../src/channels/accounts/supervisor.ts";
import type {
  ChannelAccountSnapshot,
  ChannelGatewayContext,
  ChannelPlugin,
} from "../../../src/contracts/channel.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { testPlatform } from "../support.ts";

function supervised(fields: Partial<ChannelPlugin>, hasRoutes = false) {
  const clock = new ManualClock();
  const changes: ChannelAccountSnapshot[] = [];
  const supervisor = new AccountSupervisor(testPlatform({ fields }).plugin, "default", {
    clock,
    logger: silentLogger,
    config: () => ({}),
    runtime: undefined,
    hasRoutes: () => hasRoutes,
    random: () => 0,
    onChange: (_channel, snapshot) => changes.push(snapshot),
  });
  return { clock, supervisor, changes };
}

const untilAborted = (context: ChannelGatewayContext) =>
  new Promise<void>((resolve) =>
    context.abortSignal.addEventListener("abort", () => resolve(), { once: true }),
  );

test("an account that ends is started again after 5 s, then twice as long, never longer than 5 min", async () => {
  const starts: number[] = [];
  const { clock, supervisor } = supervised({
    gateway: {
      startAccount: () => {
        starts.push(clock.monotonic());
        return Promise.reject(new Error("no route"));
      },
    },
  });
  await supervisor.start();
  for (let step = 0; step < 60; step++) await clock.advance(60_000);
  const waits = starts.slice(1).map((at, index) => at - (starts[index] as number));
  expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000, 300_000]);
  expect(starts).toHaveLength(MAX_RESTARTS + 1);
  expect(supervisor.snapshot).toMatchObject({ lifecycle: "blocked", running: false, lastError: "no route" });
  expect(clock.armed).toBe(0);
  expect(restartDelayMs(1, 0.999)).toBeLessThanOrEqual(5_500);
});

test("a run that lasted clears the count of failures", async () => {
  let end: (() => void) | undefined;
  let starts = 0;
  const { clock, supervisor } = supervised({
    gateway: {
      startAccount: () => {
        starts += 1;
        return new Promise<void>((_, reject) => {
          end = () => reject(new Error("gone"));
        });
      },
    },
  });
  await supervisor.start();
  for (let round = 0; round < MAX_RESTARTS + 5; round++) {
    await clock.advance(RESTART_MAX_MS);
    end?.();
    await clock.advance(0);
    await clock.advance(5_000);
  }
  expect(starts).toBe(MAX_RESTARTS + 6);
});

test("stopping aborts the account and nothing starts it again until somebody does", async () => {
  let starts = 0;
  const { clock, supervisor } = supervised({
    gateway: {
      startAccount: (context) => {
        starts += 1;
        return untilAborted(context);
      },
    },
  });
  await supervisor.start();
  expect(supervisor.ready).toBe(true);
  await supervisor.stop();
  await clock.advance(RESTART_MAX_MS * 2);
  expect(starts).toBe(1);
  expect(supervisor.snapshot).toMatchObject({ running: false, lifecycle: "stopped" });
  await supervisor.start();
  expect(starts).toBe(2);
});

test("an account that does not stop is left behind after 5 s, and its late reports count for nothing", async () => {
  let context: ChannelGatewayContext | undefined;
  const { clock, supervisor } = supervised({
    gateway: {
      startAccount: (given) => {
        context = given;
        return new Promise(() => {});
      },
    },
  });
  await supervisor.start();
  const stopping = supervisor.stop();
  await clock.advance(STOP_LIMIT_MS);
  await stopping;
  context?.setStatus({ connected: true, running: true });
  expect(supervisor.snapshot).toMatchObject({ running: false, connected: false });
});

test("an account that only says that it is connected is ready", async () => {
  let context: ChannelGatewayContext | undefined;
  const { supervisor } = supervised({
    gateway: {
      startAccount: (given) => {
        context = given;
        return new Promise(() => {});
      },
    },
  });
  await supervisor.start();
  expect(supervisor.snapshot.lifecycle).toBe("starting");
  context?.setStatus({ connected: false });
  expect(supervisor.snapshot.lifecycle).toBe("starting");
  context?.setStatus({ connected: true });
  expect(supervisor.snapshot.lifecycle).toBe("ready");
  context?.setStatus({ connected: true, lifecycle: "recovering" });
  expect(supervisor.snapshot.lifecycle).toBe("recovering");
});

test("an account that is disabled or not configured says so and is not started", async () => {
  const base = testPlatform().plugin.config;
  const disabled = supervised({
    config: { ...base, isEnabled: () => false, disabledReason: () => "holiday" },
  });
  await disabled.supervisor.start();
  expect(disabled.supervisor.snapshot).toMatchObject({
    running: false,
    enabled: false,
    lastError: "holiday",
  });
  const bare = supervised({
    config: { ...base, isConfigured: async () => false, unconfiguredReason: () => "no token" },
  });
  await bare.supervisor.start();
  expect(bare.supervisor.snapshot).toMatchObject({ configured: false, lastError: "no token" });
});

test("an account whose settings cannot be read is blocked and the reason kept", async () => {
  const base = testPlatform().plugin.config;
  const { supervisor } = supervised({
    config: {
      ...base,
      resolveAccount: () => {
        throw new Error("the secret IRC_PASS is not set");
      },
    },
  });
  await supervisor.start();
  expect(supervisor.snapshot).toMatchObject({
    lifecycle: "blocked",
    lastError: "the secret IRC_PASS is not set",
  });
});

test("an account whose plugin never says whether it is configured holds nobody up, and may be stopped", async () => {
  const base = testPlatform().plugin.config;
  const { clock, supervisor } = supervised({
    config: { ...base, isConfigured: () => new Promise<boolean>(() => {}) },
  });
  const started = supervisor.start();
  await clock.advance(CONFIGURED_WAIT_MS);
  await started;
  expect(supervisor.snapshot).toMatchObject({ running: false, lifecycle: "starting" });
  await supervisor.stop();
  expect(supervisor.snapshot).toMatchObject({ lifecycle: "stopped" });
  expect(clock.armed).toBe(0);
});

test("an account whose plugin takes long to read its settings runs when it has", async () => {
  const base = testPlatform().plugin.config;
  let answer = (_configured: boolean) => {};
  const { clock, supervisor } = supervised({
    config: {
      ...base,
      isConfigured: () =>
        new Promise<boolean>((resolve) => {
          answer = resolve;
        }),
    },
    gateway: { startAccount: untilAborted },
  });
  const started = supervisor.start();
  await clock.advance(CONFIGURED_WAIT_MS);
  await started;
  answer(true);
  await clock.advance(0);
  expect(supervisor.snapshot).toMatchObject({ running: true });
  expect(supervisor.snapshot.lastError).toBeUndefined();
});

test("a webhook account whose start returns at once runs on", async () => {
  const { clock, supervisor } = supervised({ gateway: { startAccount: () => Promise.resolve() } }, true);
  await supervisor.start();
  await clock.advance(60_000);
  expect(supervisor.snapshot).toMatchObject({ running: true, lifecycle: "ready" });
});

test("a configuration change concerns what the channel says it concerns", () => {
  const plugin = (reload?: ChannelPlugin["reload"]) =>
    testPlatform({ fields: reload ? { reload } : {} }).plugin;
  const before = { channels: { memo: { token: "a", accounts: { x: { nick: "1" }, y: { nick: "1" } } } } };
  const after = (memo: object) => ({ channels: { memo: { ...before.channels.memo, ...memo } } });
  expect(accountsToRestart(plugin(), before, after({ token: "b" }))).toBe("all");
  expect(accountsToRestart(plugin(), before, { ...before, agents: {} })).toBe("none");
  const scoped = plugin({ configPrefixes: ["channels.memo"], accountScopedRestart: true });
  expect(
    accountsToRestart(scoped, before, after({ accounts: { x: { nick: "2" }, y: { nick: "1" } } })),
  ).toEqual(new Set(["x"]));
  expect(accountsToRestart(scoped, before, after({ token: "b" }))).toBe("all");
  const noop = plugin({ configPrefixes: ["channels.memo"], noopPrefixes: ["channels.memo.accounts.*.nick"] });
  expect(accountsToRestart(noop, before, after({ accounts: { x: { nick: "2" }, y: { nick: "3" } } }))).toBe(
    "none",
  );
});
