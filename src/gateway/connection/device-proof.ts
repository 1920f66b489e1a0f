import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  type DeviceAuthFacts,
  deviceAuthPayloadV2,
  deviceAuthPayloadV3,
} from "../../protocol/device-auth.ts";
import type { HandshakeDetailCode } from "../../protocol/error-codes.ts";
import { DEVICE_SIGNATURE_SKEW_MS } from "../../protocol/limits.ts";
import type { ConnectParams } from "../../protocol/schemas/connect.ts";

const RAW_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export interface ProofFailure {
  code: HandshakeDetailCode;
  reason: string;
  message: string;
}

export type ProofResult =
  /** `publicKey`: the raw key in unpadded base64url, whatever form it came in. */
  { ok: true; deviceId: string; publicKey: string } | { ok: false; failure: ProofFailure };

const fail = (code: HandshakeDetailCode, reason: string, message: string): ProofResult => ({
  ok: false,
  failure: { code, reason, message },
});

/** Checks a device's identity proof in the order of spec 2.4. `nonce` is this socket's challenge. */
export function checkDeviceProof(params: ConnectParams, nonce: string, now: number): ProofResult | undefined {
  const { device, client, auth } = params;
  if (!device) return undefined;
  const raw = rawPublicKey(device.publicKey);
  if (raw && createHash("sha256").update(raw).digest("hex") !== device.id) {
    return fail("DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch", "device identity mismatch");
  }
  if (Math.abs(now - device.signedAt) > DEVICE_SIGNATURE_SKEW_MS) {
    return fail("DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale", "device signature expired");
  }
  if (device.nonce === undefined || device.nonce === "") {
    return fail("DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing", "device nonce required");
  }
  if (device.nonce !== nonce) {
    return fail("DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch", "device nonce mismatch");
  }
  if (!raw) return fail("DEVICE_AUTH_PUBLIC_KEY_INVALID", "device-public-key", "device public key invalid");
  const facts: DeviceAuthFacts = {
    deviceId: device.id,
    clientId: client.id,
    clientMode: client.mode,
    role: params.role ?? "operator",
    scopes: params.scopes ?? [],
    signedAt: device.signedAt,
    token: auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken,
    nonce: device.nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
  };
  const publicKey = raw.toString("base64url");
  if (!signatureFits(publicKey, device.signature, facts)) {
    return fail("DEVICE_AUTH_SIGNATURE_INVALID", "device-signature", "device signature invalid");
  }
  return { ok: true, deviceId: device.id, publicKey };
}

function signatureFits(publicKey: string, signature: string, facts: DeviceAuthFacts): boolean {
  const bytes = Buffer.from(signature, "base64");
  if (bytes.length !== SIGNATURE_BYTES) return false;
  let key: KeyObject;
  try {
    // A JWK is by far the cheapest way to import an Ed25519 key.
    key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
  } catch {
    return false;
  }
  return [deviceAuthPayloadV3, deviceAuthPayloadV2].some((payload) =>
    verify(null, Buffer.from(payload(facts)), key, bytes),
  );
}

/** The 32 raw bytes of a key given as base64url, base64 or PEM. */
function rawPublicKey(given: string): Buffer | undefined {
  try {
    if (given.includes("BEGIN PUBLIC KEY")) {
      const x = createPublicKey(given).export({ format: "jwk" }).x;
      return x === undefined ? undefined : Buffer.from(x, "base64url");
    }
  } catch {
    return undefined;
  }
  const bytes = Buffer.from(given, "base64");
  return bytes.length === RAW_KEY_BYTES ? bytes : undefined;
}
