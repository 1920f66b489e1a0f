import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { announcementOf, freeName, givesWay, hostLabel } from "../../../extensions/bonjour/announcement.ts";

const facts = {
  machineDisplayName: "Kitchen",
  gatewayPort: 18_789,
  gatewayTlsEnabled: false,
  gatewayDirectReachable: false,
  minimal: true,
};

describe("the announcement on the local network", () => {
  it("carries the keys every client expects", () => {
    expect(announcementOf(facts, "kitchen.example.org")).toMatchObject({
      host: "kitchen.local",
      port: 18_789,
      txt: {
        role: "gateway",
        transport: "gateway",
        displayName: "Kitchen",
        lanHost: "kitchen.local",
        gatewayPort: "18789",
      },
    });
  });

  it("names TLS and reachability only when they are given", () => {
    const { txt } = announcementOf(
      {
        ...facts,
        gatewayTlsEnabled: true,
        gatewayTlsFingerprintSha256: "ab".repeat(32),
        gatewayDirectReachable: true,
      },
      "kitchen",
    );
    expect(txt).toMatchObject({
      gatewayTls: "1",
      gatewayTlsSha256: "ab".repeat(32),
      gatewayDirectReachable: "1",
    });
  });

  it("keeps addresses and paths of this machine to itself in minimal mode", () => {
    const full = { ...facts, tailnetDns: "a.ts.example", sshPort: 22, cliPath: "/usr/bin/sluice" };
    expect(announcementOf(full, "kitchen").txt).not.toHaveProperty("sshPort");
    expect(announcementOf({ ...full, minimal: false }, "kitchen").txt).toMatchObject({
      tailnetDns: "a.ts.example",
      sshPort: "22",
      cliPath: "/usr/bin/sluice",
    });
  });

  it("gives two gateways of one machine different names", () => {
    expect(announcementOf(facts, "kitchen").name).not.toBe(
      announcementOf({ ...facts, gatewayPort: 18_790 }, "kitchen").name,
    );
  });

  it("makes an instance name that fits a DNS label, whatever the machine is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (machineDisplayName) => {
        const { name } = announcementOf({ ...facts, machineDisplayName }, "kitchen");
        expect(Buffer.byteLength(`${name} (10)`)).toBeLessThanOrEqual(63);
        expect(name.length).toBeGreaterThan(0);
      }),
    );
  });

  it("falls back to a plain host label for names DNS can not carry", () => {
    expect(hostLabel("Küche")).toBe("sluice");
    expect(hostLabel("-bad-")).toBe("sluice");
    expect(hostLabel("a".repeat(64))).toBe("sluice");
    expect(hostLabel("Studio.lan")).toBe("studio");
  });

  it("takes the first free name, comparing without case", () => {
    expect(freeName("Gate", new Set())).toBe("Gate");
    expect(freeName("Gate", new Set(["gate", "gate (2)"]))).toBe("Gate (3)");
  });

  it("lets exactly one of two gateways give way", () => {
    const end = fc.record({ host: fc.string(), port: fc.nat(65_535) });
    fc.assert(
      fc.property(end, end, (one, other) => {
        if (`${one.host}:${one.port}` === `${other.host}:${other.port}`) return;
        expect(givesWay(one, other)).not.toBe(givesWay(other, one));
      }),
    );
  });
});
