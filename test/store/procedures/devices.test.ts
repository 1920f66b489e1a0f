import { expect, it } from "vitest";
import { openStore } from "../../../src/store/index.ts";
import type { PairingReason } from "../../../src/store/procedures/device-rows.ts";
import { MAX_SILENT_DEVICES } from "../../../src/store/procedures/devices.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

it("keeps a bounded number of devices that nobody approved by hand, and every one that somebody did", async () => {
  const store = await openStore({ folder: await temporaryFolder() });
  const connect = (deviceId: string, now: number, silent: PairingReason[]) =>
    store.call.devices.admit({
      ask: { deviceId, publicKey: `key-${deviceId}`, role: "operator", scopes: [] },
      silent,
      keepToken: false,
      newTokenId: `token-${deviceId}`,
      newRequestId: `request-${deviceId}`,
      pendingTtlMs: 60_000,
      now,
    });
  await connect("approved", 1, []);
  await store.call.devices.approve({ requestId: "request-approved", pendingTtlMs: 60_000, now: 2 });
  const name = (index: number) => `window-${String(index).padStart(5, "0")}`;
  const windows = Array.from({ length: MAX_SILENT_DEVICES + 3 }, (_, index) => name(index));
  await Promise.all(windows.map((deviceId, index) => connect(deviceId, 10 + index, ["not-paired"])));
  const kept = (await store.call.devices.list({ limit: 10_000 })).map(({ deviceId }) => deviceId);
  expect(kept).toHaveLength(MAX_SILENT_DEVICES + 1);
  expect(kept).toContain("approved");
  expect(kept).not.toContain(name(2));
  expect(kept).toContain(name(3));
  expect(await connect(name(0), 99_999, ["not-paired"])).toMatchObject({
    status: "admitted",
    approved: true,
  });
  await store.dispose();
});
