import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOGUE } from "../../src/gateway/rpc/catalogue.ts";
import type { Method } from "../../src/gateway/rpc/method.ts";
import { extensionForMime, normalizeMimeType } from "../../src/plugin-sdk/media-mime.ts";
import { saveMediaBuffer } from "../../src/runtime/media/media-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testGateway } from "./support/gateway.ts";
import { testDevice, WireClient } from "./support/wire-client.ts";

const NAMES = ["__proto__", "constructor", "toString"];
const ADMIN = {
  scopes: ["operator.admin", "operator.read", "operator.write", "operator.pairing", "operator.approvals"],
};
/** They ask a registry or wait for somebody. */
const LEFT_OUT = /^(plugins\.(search|install|refresh)|plugin\.approval\.(request|waitDecision)|agent\.wait)$/;

interface Shape {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Shape[];
  minimum?: number;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
}

/** Parameters of the schema's shape in which every free text is `name`; optional ones only when `all`. */
function hostile(shape: Shape, name: string, all: boolean): unknown {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return shape.enum[0];
  if (shape.anyOf) return hostile(shape.anyOf[0] as Shape, name, all);
  switch (shape.type) {
    case "string":
      return name;
    case "integer":
    case "number":
      return shape.minimum ?? 1;
    case "boolean":
      return false;
    case "array":
      return [hostile(shape.items ?? {}, name, all)];
    case "object": {
      const wanted = Object.entries(shape.properties ?? {}).filter(
        ([key]) => all || shape.required?.includes(key),
      );
      return Object.fromEntries(wanted.map(([key, child]) => [key, hostile(child, name, all)]));
    }
    default:
      return name;
  }
}

/** One set of parameters with each optional text alone, besides all and none of them. */
function variants(shape: Shape, name: string): unknown[] {
  const least = hostile(shape, name, false) as Record<string, unknown>;
  const alone = Object.entries(shape.properties ?? {})
    .filter(([key]) => !(key in least))
    .map(([key, child]) => ({ ...least, [key]: hostile(child, name, true) }));
  return [least, hostile(shape, name, true), ...alone];
}

describe("names that every object has", () => {
  it("are unknown names to every method: nothing is found under them and nothing breaks", async () => {
    const own = Object.getOwnPropertyNames(Object.prototype).sort();
    const { url } = await testGateway();
    const client = await WireClient.open(url, ADMIN);
    const methods = (await Promise.all(CATALOGUE.map((group) => group.load()))).flatMap(
      (group) => group.default as Method[],
    );
    const broken: string[] = [];
    for (const method of methods.filter(({ name }) => !LEFT_OUT.test(name))) {
      for (const name of NAMES) {
        for (const params of variants(method.params as Shape, name)) {
          const { error } = await client.call(method.name, params);
          const isBroken =
            /is not a function|cannot read|cannot set|cannot convert|not iterable|\[object|undefined|=>/i;
          if (error && isBroken.test(error.message))
            broken.push(`${method.name} ${JSON.stringify(params)}: ${error.message}`);
        }
      }
    }
    expect(broken).toEqual([]);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(own);
    expect((await client.call("health")).ok).toBe(true);
  });

  it("are no roles of a device: revoking their token changes nothing for any other", async () => {
    const { url } = await testGateway();
    const admin = await WireClient.open(url, ADMIN);
    const device = testDevice();
    const tokenOf = async () =>
      (await new WireClient(url).connect({ device })).payload.auth.deviceToken as string;
    const before = await tokenOf();
    for (const role of NAMES) {
      const answer = await admin.call("device.token.revoke", { deviceId: device.id, role });
      expect(answer.error, role).toMatchObject({ code: "INVALID_REQUEST" });
    }
    expect(await tokenOf()).toBe(before);
  });

  it("are no types of files: what a sender calls one is kept as a name and nothing more", async () => {
    const folder = await temporaryFolder();
    for (const name of NAMES) {
      expect(normalizeMimeType(name)).toBe(name.toLowerCase());
      expect(extensionForMime(name)).toBeUndefined();
      const { path, contentType } = await saveMediaBuffer(folder, Buffer.from("x"), name, name, 10, name);
      expect(basename(path)).toMatch(/^[0-9a-f-]{36}---[A-Za-z_]+$/);
      expect(contentType).toBe(name.toLowerCase());
    }
  });
});
