import { createSocket } from "node:dgram";
import { Bonjour, type Service } from "bonjour-service";
import { afterEach, describe, expect, it } from "vitest";
import { type Advertisement, startAdvertising } from "../../../extensions/bonjour/advertise.ts";
import type { Announcement } from "../../../extensions/bonjour/announcement.ts";

const LOOPBACK = "127.0.0.1";
const workerFile = new URL("../../../dist/extensions/bonjour/bonjour.worker.cjs", import.meta.url);

/** Some containers have no multicast at all, not even on loopback; then there is nothing to see here. */
const multicast = await new Promise<boolean>((resolve) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  let ended = false;
  const end = (works: boolean) => {
    if (!ended) socket.close(() => resolve(works));
    ended = true;
  };
  socket.once("error", () => end(false));
  socket.once("message", () => end(true));
  socket.bind(0, () => {
    try {
      socket.addMembership("224.0.0.251", LOOPBACK);
      socket.setMulticastInterface(LOOPBACK);
      socket.send("ping", socket.address().port, "224.0.0.251");
      setTimeout(() => end(false), 500).unref();
    } catch {
      end(false);
    }
  });
});

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function advertise(changes: Partial<Announcement>): { advertisement: Advertisement; log: string[] } {
  const log: string[] = [];
  const say = (message: string) => void log.push(message);
  const announcement: Announcement = {
    name: `Test ${process.pid}`,
    host: "first.local",
    port: 40_001,
    txt: { role: "gateway", gatewayPort: "40001" },
    interface: LOOPBACK,
    ...changes,
  };
  const advertisement = startAdvertising(announcement, workerFile, {
    debug: say,
    info: say,
    warn: say,
    error: say,
  });
  closing.push(() => advertisement.stop());
  return { advertisement, log };
}

/** Services of a type as another machine would see them. */
function browse(type: string): Map<string, Service> {
  const bonjour = new Bonjour({ interface: LOOPBACK, bind: "0.0.0.0" } as object);
  const found = new Map<string, Service>();
  const browser = bonjour.find({ type }, (service) => found.set(service.name, service));
  browser.on("down", (service: Service) => found.delete(service.name));
  closing.push(() => new Promise<void>((resolve) => bonjour.destroy(() => resolve())));
  return found;
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { interval: 50 }).toBe(true);
}

describe.skipIf(!multicast)("announcing on a network", () => {
  it("is found under both types and says goodbye when stopped", async () => {
    const found = browse("openclaw-gw");
    const own = browse("sluice");
    const name = `Test ${process.pid}`;
    const { advertisement, log } = advertise({});
    await until(() => found.has(name) && own.has(name));
    expect(found.get(name)).toMatchObject({ port: 40_001, txt: { role: "gateway", gatewayPort: "40001" } });
    await until(() => log.some((line) => line.includes(`announced on the local network as "${name}"`)));
    await advertisement.stop();
    await until(() => !found.has(name));
    expect(log.filter((line) => line.includes("ended"))).toEqual([]);
  });

  it("takes another name when its own is in use", async () => {
    const name = `Twin ${process.pid}`;
    const found = browse("openclaw-gw");
    advertise({ name });
    await until(() => found.has(name));
    advertise({ name, host: "second.local", port: 40_002 });
    await until(() => found.has(`${name} (2)`));
    expect(found.get(name)?.port).toBe(40_001);
    expect(found.get(`${name} (2)`)?.port).toBe(40_002);
  });
});

describe("an announcement that fails", () => {
  it("is logged and stops like any other", async () => {
    const { advertisement, log } = advertise({ interface: "203.0.113.7" });
    await until(() => log.length > 0);
    await advertisement.stop();
    expect(log.join("\n")).toMatch(/local network announcement/);
  });
});
