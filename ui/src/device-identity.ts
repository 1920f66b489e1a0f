import { deviceAuthPayloadV3 } from "../../src/protocol/device-auth.ts";

/**
 * The key that identifies this browser to the gateway. It is made once, can not be exported, and stays in
 * this origin's IndexedDB. Browsers offer the needed cryptography on https and on localhost only.
 */

const DATABASE = "sluice";
const TABLE = "identity";
const RECORD = "device";

interface Identity {
  id: string;
  publicKey: string;
  privateKey: CryptoKey;
}

export interface Proof {
  id: string;
  publicKey: string;
  signature: string;
  signedAt: number;
  nonce: string;
}

export interface Claim {
  clientId: string;
  clientMode: string;
  role: string;
  scopes: readonly string[];
  token: string;
  platform: string;
  deviceFamily: string;
}

/** Signs the gateway's challenge; `undefined` when this browser or this origin can not. */
export async function prove(
  claim: Claim,
  challenge: { nonce: string; ts: number },
): Promise<Proof | undefined> {
  const identity = await load().catch(() => undefined);
  if (!identity) return undefined;
  const payload = deviceAuthPayloadV3({
    deviceId: identity.id,
    clientId: claim.clientId,
    clientMode: claim.clientMode,
    role: claim.role,
    scopes: claim.scopes,
    signedAt: challenge.ts,
    token: claim.token,
    nonce: challenge.nonce,
    platform: claim.platform,
    deviceFamily: claim.deviceFamily,
  });
  const signature = await crypto.subtle.sign(
    "Ed25519",
    identity.privateKey,
    new TextEncoder().encode(payload),
  );
  return {
    id: identity.id,
    publicKey: identity.publicKey,
    signature: base64Url(new Uint8Array(signature)),
    signedAt: challenge.ts,
    nonce: challenge.nonce,
  };
}

async function load(): Promise<Identity> {
  const database = await open();
  try {
    const known = await finished<Identity | undefined>(
      database.transaction(TABLE).objectStore(TABLE).get(RECORD),
    );
    if (known) return known;
    const created = await create();
    await finished(database.transaction(TABLE, "readwrite").objectStore(TABLE).put(created, RECORD));
    return created;
  } finally {
    database.close();
  }
}

async function create(): Promise<Identity> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  return { id: hexadecimal(hash), publicKey: base64Url(raw), privateKey: pair.privateKey };
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return finished(request);
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
