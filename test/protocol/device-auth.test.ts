import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deviceAuthPayloadV2, deviceAuthPayloadV3 } from "../../src/protocol/device-auth.ts";

/** The vector of gateway-protocol.md section 2.4: private seed of 32 bytes 0x07. */
const facts = {
  deviceId: "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889",
  clientId: "cli",
  clientMode: "cli",
  role: "operator",
  scopes: ["operator.read", "operator.write"],
  signedAt: 1737264000000,
  token: "tok",
  nonce: "11111111-2222-3333-4444-555555555555",
  platform: "linux",
};
const PKCS8_PREFIX = "302e020100300506032b657004220420";
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from(PKCS8_PREFIX, "hex"), Buffer.alloc(32, 7)]),
  format: "der",
  type: "pkcs8",
});

describe("device-auth payload", () => {
  it("gives the published signatures for the published key", () => {
    expect(createPublicKey(privateKey).export({ format: "jwk" }).x).toBe(
      "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw",
    );
    const signature = (text: string) => sign(null, Buffer.from(text), privateKey).toString("base64url");
    expect(signature(deviceAuthPayloadV2(facts))).toBe(
      "n_2uzJTS9dzB6O7b9ytyLA_qLWtgKwKMEs4VCfAA8sqHPW3R4Y2xVdFTCJo2PjDoK7qCkwClcUDBvrJ2EoguAA",
    );
    expect(signature(deviceAuthPayloadV3(facts))).toBe(
      "T-Qnvrdq_2pMtAeIKBvwWcjw0e1fQ1AaEcIr2U9s_gURj3EejnXBxvBiWClgu7y90sJaYEwbrBaUjaULkmZzCA",
    );
  });

  it("ends version 3 with the separator of an absent device family", () => {
    expect(deviceAuthPayloadV3(facts).endsWith("|linux|")).toBe(true);
  });

  it("lowers only ASCII letters of the platform", () => {
    const text = deviceAuthPayloadV3({ ...facts, platform: " MacOS-Ä ", deviceFamily: "Mac" });
    expect(text.endsWith("|macos-Ä|mac")).toBe(true);
  });
});
