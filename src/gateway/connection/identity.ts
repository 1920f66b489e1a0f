import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { join } from "node:path";
import { readSecretFile, writeSecretFileOnce } from "../secret-file.ts";

export const IDENTITY_FILE_NAME = "identity.json";

/** The gateway's own Ed25519 key; made at the first start. */
export interface GatewayIdentity {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string;
  /** 32 raw bytes in unpadded base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** Reads the identity of a state folder, or makes and keeps one (mode 0600). */
export async function loadIdentity(stateDir: string): Promise<GatewayIdentity> {
  const file = join(stateDir, IDENTITY_FILE_NAME);
  const stored = (await readSecretFile(file)) ?? (await writeSecretFileOnce(file, newKey()));
  const privateKey = createPrivateKey({ key: JSON.parse(stored), format: "jwk" });
  const publicKey = String(createPublicKey(privateKey).export({ format: "jwk" }).x);
  return {
    deviceId: createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex"),
    publicKey,
    privateKey,
  };
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return `${JSON.stringify(privateKey.export({ format: "jwk" }))}\n`;
}
