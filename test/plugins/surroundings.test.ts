import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { Surroundings } from "../../src/plugins/watchdog/surroundings.ts";

/** Does something as a loading plugin would, and gives what is said of it. */
async function saidOf(work: () => unknown): Promise<string | undefined> {
  const said: string[] = [];
  const surroundings = new Surroundings((pluginId, message) => said.push(`${pluginId} ${message}`));
  await surroundings.around("x", async () => void (await work()));
  expect(said.length).toBeLessThan(2);
  return said[0];
}

const everyObject = Object.prototype as unknown as Record<string, unknown>;
const keep = () => {};

it.each<[string, () => unknown, RegExp]>([
  [
    "adds to every object",
    () => {
      everyObject["polluted"] = true;
    },
    /changed Object\.prototype\.polluted, which was put back/,
  ],
  [
    "changes what every object does",
    () => {
      everyObject["toString"] = () => "mine";
    },
    /changed Object\.prototype\.toString, which was put back/,
  ],
  [
    "takes the console",
    () => {
      console.log = keep;
    },
    /changed console\.log, which was put back/,
  ],
  [
    "replaces the parser",
    () => {
      JSON.parse = () => ({});
    },
    /changed JSON\.parse, which was put back/,
  ],
  [
    "replaces the way to end the process",
    () => {
      process.exit = keep as never;
    },
    /replaced process\.exit, which was put back/,
  ],
  [
    "removes the listeners of errors nobody caught",
    () => process.removeAllListeners("uncaughtException"),
    /removed listeners of "uncaughtException", which were put back/,
  ],
  [
    "turns off the check of certificates",
    () => {
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    },
    /set the variable NODE_TLS_REJECT_UNAUTHORIZED, which was put back/,
  ],
  [
    "changes where programs are found",
    () => {
      process.env["PATH"] = "/elsewhere";
    },
    /set the variable PATH, which was put back/,
  ],
  ["leaves the working directory", () => process.chdir(tmpdir()), /left the working directory/],
])("puts back what would harm the others when a plugin %s, and names it", async (_what, work, said) => {
  process.on("uncaughtException", keep);
  const state = () => [
    "polluted" in {},
    String({}),
    console.log,
    JSON.parse,
    process.exit,
    process.listeners("uncaughtException").includes(keep),
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"],
    process.env["PATH"],
    process.cwd(),
  ];
  const before = state();
  expect(await saidOf(work)).toMatch(said);
  expect(state()).toEqual(before);
  process.off("uncaughtException", keep);
});

it("names what libraries change for everybody, and leaves it; a global of their own is in nobody's way", async () => {
  const names = Array.from({ length: 9 }, (_, index) => `shout${index}`);
  const strings = String.prototype as unknown as Record<string, unknown>;
  const clone = structuredClone;
  const said = await saidOf(() => {
    for (const name of names) strings[name] = keep;
    Object.assign(globalThis, { aGlobalOfItsOwn: 1, structuredClone: keep });
  });
  expect(said).toBe(
    "x while it loaded it changed String.prototype.shout0, String.prototype.shout1, String.prototype.shout2, String.prototype.shout3, String.prototype.shout4 and 4 more for everybody; changed globalThis.structuredClone for everybody",
  );
  expect(strings["shout8"]).toBe(keep);
  for (const name of names) delete strings[name];
  Object.assign(globalThis, { structuredClone: clone });
});

it("says nothing of a plugin that minds its own business, nor of globals Node makes when they are asked for", async () => {
  expect(
    await saidOf(() => {
      process.env["A_PLUGINS_OWN"] = "1";
      process.on("beforeExit", keep);
      return [globalThis.crypto, globalThis.navigator, globalThis.fetch];
    }),
  ).toBeUndefined();
  process.off("beforeExit", keep);
  delete process.env["A_PLUGINS_OWN"];
});

it("names what a plugin does while only its own import goes on, and both where two load at once", async () => {
  const said: string[] = [];
  const surroundings = new Surroundings((pluginId, message) => said.push(`${pluginId}: ${message}`));
  const leaveSlow = surroundings.enter("slow");
  everyObject["polluted"] = true;
  const leaveQuick = surroundings.enter("quick");
  expect(said).toEqual(["slow: while it loaded it changed Object.prototype.polluted, which was put back"]);
  process.env["PATH"] += ":/elsewhere";
  leaveQuick();
  const what = "set the variable PATH, which was put back";
  expect(said.splice(0).slice(1)).toEqual([
    `slow: while it loaded it or "quick", which loaded at the same time, ${what}`,
    `quick: while it loaded it or "slow", which loaded at the same time, ${what}`,
  ]);
  await surroundings.around("later", async () => {});
  process.env["PATH"] += ":/elsewhere";
  leaveSlow();
  leaveSlow();
  expect(said).toEqual([`slow: while it loaded it ${what}`]);
  process.env["PATH"] += ":/nobody-loads";
  leaveQuick();
  expect(said).toHaveLength(1);
  process.env["PATH"] = process.env["PATH"]?.replace(":/nobody-loads", "");
});

it("puts back and names also when the load fails", async () => {
  const said: string[] = [];
  const surroundings = new Surroundings((_, message) => said.push(message));
  const failing = surroundings.around("x", async () => {
    everyObject["polluted"] = true;
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(said).toEqual(["while it loaded it changed Object.prototype.polluted, which was put back"]);
  expect("polluted" in {}).toBe(false);
});
