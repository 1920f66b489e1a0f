import { expect, it, onTestFinished, vi } from "vitest";
import type { PluginRuntime } from "../../src/contracts/runtime.ts";
import type { RuntimeRooms } from "../../src/gateway/plugin-runtime.ts";
import { createSdkServices } from "../../src/gateway/sdk/services.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { drainPendingDeliveries } from "../../src/plugin-sdk/delivery-queue-runtime.ts";
import { announceSdkHost } from "../../src/plugins/loading/sdk-host.ts";
import type { HookRunner } from "../../src/plugins/types.ts";
import { openChannels, testPlatform } from "../channels/support.ts";

it("has what waits sent when the connection is back, before its pause is over where that is asked for", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  memo.onSend(() => Promise.reject(Object.assign(new Error("no listener"), { code: "ECONNREFUSED" })));
  const room = await openChannels({ platforms: [memo], clock });
  const rooms = { channels: room.channels } as unknown as RuntimeRooms;
  const services = createSdkServices(() => rooms);
  const announced = announceSdkHost(() => ({}) as PluginRuntime, {} as HookRunner, services);
  onTestFinished(() => void announced.dispose());
  const { outboxId } = await room.channels.send({
    channel: "memo",
    to: "ann",
    text: "hello",
    idempotencyKey: "k",
  });
  const row = () => room.store.call.outbox.explain({ outboxId });
  const refused = async () => {
    await clock.advance(100);
    expect((await row())?.lastError).toBeDefined();
  };
  await vi.waitFor(refused, { timeout: 20_000, interval: 1 });

  memo.onSend(() => undefined);
  const seen: unknown[] = [];
  const drain = (bypassBackoff: boolean) =>
    drainPendingDeliveries({
      drainKey: "memo:default",
      selectEntry: (entry) => {
        seen.push(entry);
        return { match: entry.channel === "memo", bypassBackoff };
      },
    });
  await drain(false);
  const waiting = await row();
  expect(waiting?.status).toBe("queued");
  expect(waiting?.availableAt).toBeGreaterThan(clock.now());
  expect(seen).toEqual([
    {
      id: outboxId,
      channel: "memo",
      accountId: "default",
      to: expect.stringContaining("ann"),
      retryCount: waiting?.attempts,
      enqueuedAt: waiting?.createdAt,
      lastError: expect.stringContaining("no listener"),
    },
  ]);
  await Promise.all([drain(true), drain(true)]);
  // The second of the two found the first at work.
  expect(seen).toHaveLength(2);
  await vi.waitFor(async () => expect((await row())?.status).toBe("delivered"), { timeout: 20_000 });
  expect(memo.sent.map(({ text }) => text)).toEqual(["hello"]);
});

it("says that it needs a running gateway", async () => {
  const drained = drainPendingDeliveries({ drainKey: "memo:default", selectEntry: () => ({ match: true }) });
  await expect(drained).rejects.toThrow("running gateway");
});
