import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { PENDING_DEVICE_TTL_MS } from "../../protocol/limits.ts";
import { coversAll } from "../../protocol/scopes.ts";
import type { DeviceRecord } from "../../store/procedures/device-rows.ts";
import { type Caller, callerHas } from "../rpc/caller.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import type { GatewayServices } from "../services.ts";
import { closed, open } from "./shapes.ts";

const MAX_LISTED_DEVICES = 500;
const filled = Type.String({ minLength: 1 });
const ByRequest = Type.Object({ requestId: filled }, closed);

const list = method({
  name: "device.pair.list",
  scope: "operator.pairing",
  params: Type.Object({}, open),
  result: Type.Object({
    pending: Type.Array(Type.Object({ requestId: Type.String() }, open)),
    paired: Type.Array(Type.Object({ deviceId: Type.String() }, open)),
  }),
  summary: "Lists devices that wait for approval and devices that have it.",
  idempotent: true,
  handler: async ({ services, caller }) => {
    const records = await services.store.call.devices.list({ limit: MAX_LISTED_DEVICES });
    const visible = records.filter((record) => mayTouch(caller, record.deviceId));
    const oldest = services.clock.now() - PENDING_DEVICE_TTL_MS;
    return {
      pending: visible.flatMap((record) =>
        record.pending && record.pending.ts >= oldest
          ? [
              {
                ...record.pending,
                deviceId: record.deviceId,
                publicKey: record.publicKey,
                roles: [record.pending.role],
                silent: false,
              },
            ]
          : [],
      ),
      paired: visible
        .filter((record) => record.approvedAtMs !== undefined)
        .map((record) => pairedDevice(services, record)),
    };
  },
});

const approve = method({
  name: "device.pair.approve",
  scope: "operator.pairing",
  params: ByRequest,
  result: Type.Object({ requestId: Type.String(), device: Type.Object({}, open) }),
  summary:
    "Approves a waiting device for what it asked; nobody can approve more than they may do themselves.",
  handler: async ({ services, caller }, { requestId }) => {
    const { devices } = services.store.call;
    const waiting = await waitingDevice(services, requestId);
    const { pending } = waiting ?? {};
    if (!waiting || !pending) throw unknownRequest(requestId);
    assertMayDecide(caller, waiting.deviceId);
    const mayGrant = callerHas(caller, "operator.admin") || coversAll(caller.scopes, pending.scopes);
    if (!mayGrant || (pending.role !== "operator" && !callerHas(caller, "operator.admin"))) {
      throw new SluiceError<ErrorCode>(
        "FORBIDDEN",
        "the request asks for more than you may grant; ask an operator with operator.admin",
        { details: { requestId, requestedRole: pending.role, requestedScopes: pending.scopes } },
      );
    }
    const now = services.clock.now();
    const record = await devices.approve({ requestId, pendingTtlMs: PENDING_DEVICE_TTL_MS, now });
    if (!record) throw unknownRequest(requestId);
    services.hub.publish("device.pair.resolved", {
      requestId,
      deviceId: record.deviceId,
      decision: "approved",
      ts: now,
    });
    return { requestId, device: pairedDevice(services, record) };
  },
});

const reject = method({
  name: "device.pair.reject",
  scope: "operator.pairing",
  params: ByRequest,
  result: Type.Object({ requestId: Type.String(), deviceId: Type.String() }),
  summary: "Refuses a waiting device.",
  handler: async ({ services, caller }, { requestId }) => {
    const waiting = await waitingDevice(services, requestId);
    if (waiting) assertMayDecide(caller, waiting.deviceId);
    const now = services.clock.now();
    const deviceId = await services.store.call.devices.reject({ requestId, now });
    if (deviceId === undefined) throw unknownRequest(requestId);
    services.hub.publish("device.pair.resolved", { requestId, deviceId, decision: "rejected", ts: now });
    return { requestId, deviceId };
  },
});

const remove = method({
  name: "device.pair.remove",
  scope: "operator.pairing",
  params: Type.Object({ deviceId: filled }, closed),
  result: Type.Object({ deviceId: Type.String() }),
  summary: "Forgets a device with all its tokens and closes its connections.",
  handler: async ({ services, caller }, { deviceId }) => {
    assertMayTouch(caller, deviceId);
    const removed = await services.store.call.devices.remove({ deviceId });
    if (!removed) throw unknownDevice(deviceId);
    services.devices.disconnect(deviceId);
    services.hub.publish("device.pair.changed", {});
    return { deviceId };
  },
});

const revoke = method({
  name: "device.token.revoke",
  scope: "operator.pairing",
  params: Type.Object({ deviceId: filled, role: filled }, closed),
  result: Type.Object({ deviceId: Type.String(), role: Type.String(), revokedAtMs: Type.Integer() }),
  summary: "Revokes a device's token for one role and closes the connections that use it.",
  handler: async ({ services, caller }, { deviceId, role }) => {
    assertMayTouch(caller, deviceId);
    const now = services.clock.now();
    const revokedAtMs = await services.store.call.devices.revokeToken({ deviceId, role, now });
    if (revokedAtMs === undefined) throw unknownDevice(deviceId);
    services.devices.disconnect(deviceId, role);
    services.hub.publish("device.pair.changed", {});
    return { deviceId, role, revokedAtMs };
  },
});

/** Without `operator.admin` a device sees and changes only itself. */
function mayTouch(caller: Caller, deviceId: string): boolean {
  return caller.deviceId === undefined || caller.deviceId === deviceId || callerHas(caller, "operator.admin");
}

async function waitingDevice(
  services: GatewayServices,
  requestId: string,
): Promise<DeviceRecord | undefined> {
  const records = await services.store.call.devices.list({ limit: MAX_LISTED_DEVICES });
  return records.find((record) => record.pending?.requestId === requestId);
}

/** Whoever shows the owner's secret decides about devices; a device with its own token only about itself. */
function assertMayDecide(caller: Caller, deviceId: string): void {
  if (caller.byDeviceToken === true) assertMayTouch(caller, deviceId);
}

function assertMayTouch(caller: Caller, deviceId: string): void {
  if (mayTouch(caller, deviceId)) return;
  throw new SluiceError<ErrorCode>("FORBIDDEN", "this needs operator.admin for a device that is not yours");
}

/** A device as shown: tokens as a list, never their text. */
function pairedDevice(services: GatewayServices, record: DeviceRecord): Record<string, unknown> {
  const { tokens, pending: _pending, ...rest } = record;
  return {
    ...rest,
    connected: services.devices.connected(record.deviceId),
    tokens: Object.values(tokens).map(({ tokenId: _id, issuerGeneration: _generation, ...token }) => token),
  };
}

function unknownRequest(requestId: string): SluiceError<ErrorCode> {
  return new SluiceError("INVALID_REQUEST", "the pairing request is unknown or has expired", {
    details: { requestId },
  });
}

function unknownDevice(deviceId: string): SluiceError<ErrorCode> {
  return new SluiceError("INVALID_REQUEST", `unknown device: ${deviceId}`, { details: { deviceId } });
}

export default [list, approve, reject, remove, revoke] satisfies MethodGroup;
