import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { KnownPackages, MAX_KNOWN_PACKAGES } from "../../../src/plugins/install/known-packages.ts";
import { dependenciesFromElsewhere } from "../../../src/plugins/install/outside-registry.ts";
import type { InstallReview } from "../../../src/plugins/install/types.ts";
import { installBench } from "./support/install-bench.ts";
import { pluginFolder } from "./support/packages.ts";
import { rawTarball } from "./support/raw-tarball.ts";
import { packageRegistry } from "./support/registry.ts";

/** A place that is no registry: it gives one tarball to everybody and counts who asks. */
async function otherPlace(tarball: string) {
  const content = await readFile(tarball);
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/far.tgz`, asked: () => asked };
}

const far = () => rawTarball([], { name: "far" });
const KIND = "brings code from elsewhere than the registry";

function placesIn(review: InstallReview | undefined): string[] | undefined {
  return review?.claims.filter(({ kind }) => kind === KIND).map(({ name }) => name);
}

describe("packages that are not of the registry", () => {
  it("[F259] are asked for only after the operator agreed to them", async () => {
    const place = await otherPlace(await far());
    const tarball = await rawTarball([], { dependencies: { far: place.url } });
    const bench = await installBench({ registry: new URL("/", place.url).href });
    const reviews: InstallReview[] = [];
    const refused = bench.install(tarball, { consent: (review) => reviews.push(review) < 0 });
    await expect(refused).rejects.toMatchObject({ code: "CONSENT_REQUIRED" });
    expect(placesIn(reviews[0])).toEqual([`far (${place.url})`]);
    expect(place.asked()).toBe(0);
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });

    await bench.install(tarball, { consent: (review) => reviews.push(review) > 0 });
    expect(place.asked()).toBeGreaterThan(0);
    expect(reviews.map(({ reviewToken }) => reviewToken)).toEqual([
      reviews[0]?.reviewToken,
      reviews[0]?.reviewToken,
    ]);
  });

  it("[F259] are not asked for by what is no plugin, is not what was expected, or has a taken id", async () => {
    const place = await otherPlace(await far());
    const dependencies = { far: place.url };
    const bench = await installBench();
    const broken = await rawTarball([{ name: "package/openclaw.plugin.json", text: "{" }], { dependencies });
    await expect(bench.install(broken)).rejects.toMatchObject({ code: "NOT_A_PLUGIN" });
    const tarball = await rawTarball([], { dependencies });
    const other = { expectedIntegrity: "sha512-other" };
    await expect(bench.install(tarball, other)).rejects.toMatchObject({ code: "INTEGRITY_MISMATCH" });
    await bench.install(await pluginFolder({ id: "hostile", name: "the-real-one" }));
    await expect(bench.install(tarball)).rejects.toMatchObject({ code: "ID_TAKEN" });
    expect(place.asked()).toBe(0);
    expect((await bench.leftovers()).staging).toEqual([]);
  });

  it("[F259] are asked about once more when one of its packages brings them, and shown at once the next time", async () => {
    const place = await otherPlace(await far());
    const dependencies = { far: place.url };
    const middle = await rawTarball([], { name: "middle" });
    const registry = await packageRegistry("middle", [
      { version: "1.0.0", tarball: middle, more: { dependencies } },
    ]);
    const bench = await installBench({ registry });
    const tarball = await rawTarball([], { dependencies: { middle: "^1.0.0" } });
    const reviews: InstallReview[] = [];
    const once = (review: InstallReview) => reviews.push(review) === 1;
    await expect(bench.install(tarball, { consent: once })).rejects.toMatchObject({
      code: "CONSENT_REQUIRED",
      details: { reviewToken: expect.not.stringMatching(`^${reviews[0]?.reviewToken}$`) },
    });
    expect(reviews).toHaveLength(2);
    expect(placesIn(reviews[0])).toEqual([]);
    expect(placesIn(reviews[1])).toHaveLength(1);
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });

    // An answer over the wire carries the token of what was shown; it must fit the first thing asked now.
    const { record, warnings } = await bench.install(tarball, {
      consent: ({ reviewToken }) => reviewToken === reviews[1]?.reviewToken,
    });
    expect(record).toMatchObject({ pluginId: "hostile", state: "installed" });
    // Not every npm names what it refuses; then the answer does.
    expect([...(placesIn(reviews[1]) ?? []), ...warnings].join()).toContain(place.url);
  });

  it("[F259] are every place npm knows, and never a version or another name of the registry", () => {
    const places = {
      git: "git+ssh://git@forge.example/a/b.git#main",
      short: "owner/repository",
      forge: "github:owner/repository",
      shell: "me@forge.example:owner/repository",
      address: "https://user:word@far.example/x.tgz",
      folder: "file:../up",
      home: "~/x",
      tarball: "x.tgz",
    };
    const versions = { exact: "1.2.3", range: ">=1 <2 || ~3.1", tag: "next", any: "*", alias: "npm:@a/b@1" };
    const host = { openclaw: "git://forge.example/openclaw" };
    const found = dependenciesFromElsewhere({ ...places, ...versions, ...host }, undefined);
    expect(found.map((place) => place.split(" ")[0])).toEqual(Object.keys(places).sort());
    expect(found.join()).not.toContain("word");
  });

  it("[F259] are named when a lock file of the package says where to fetch", () => {
    const packages = { "": {}, "node_modules/a": { resolved: "https://elsewhere.example/a.tgz" } };
    expect(dependenciesFromElsewhere({}, { packages })).toEqual(["its own lock file (elsewhere.example)"]);
    expect(dependenciesFromElsewhere({}, { packages: { "": {} } })).toEqual([]);
  });
});

it("what was found of packages is remembered for so many of them only", () => {
  const known = new KnownPackages();
  for (let number = 0; number <= MAX_KNOWN_PACKAGES; number++) known.note(`sha512-${number}`, ["x"]);
  expect(known.of("sha512-0")).toEqual([]);
  expect(known.of("sha512-1")).toEqual(["x"]);
  expect(known.of(`sha512-${MAX_KNOWN_PACKAGES}`)).toEqual(["x"]);
});
