import { readdir, readFile } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { verifyVault } from "../../../extensions/capture-ingest/audit.ts";
import { SOURCE_TYPE_NAMES } from "../../../extensions/capture-ingest/contract/source-types.ts";
import { parseVaultFile } from "../../../extensions/capture-ingest/render/parse.ts";
import { activeContent, hostileText, jsonTree } from "./hostile.ts";
import { harness, KEY, NOW_S, sampleBatch } from "./support.ts";

/** `CAPTURE_FUZZ=100000 npx vitest run test/extensions/capture-ingest/fuzz.test.ts` runs the long version. */
const BODIES = Number(process.env["CAPTURE_FUZZ"] ?? 3_000);
const CONCURRENCY = 32;

const event = fc.record(
  {
    timestamp: fc.integer({ min: NOW_S - 3_000, max: NOW_S }),
    data: jsonTree,
    raw_ref: fc.oneof(hostileText, fc.constant(null)),
  },
  { requiredKeys: ["timestamp", "data"] },
);
const good = fc
  .tuple(fc.constantFrom(...SOURCE_TYPE_NAMES), fc.array(event, { minLength: 1, maxLength: 4 }))
  .map(([source_type, events]) => JSON.stringify(sampleBatch({ source_type, events })));
const almost = fc
  .tuple(fc.constantFrom(...Object.keys(sampleBatch())), fc.oneof(fc.jsonValue(), hostileText))
  .map(([field, value]) => JSON.stringify(sampleBatch({ [field]: value })));
const deep = fc
  .tuple(fc.integer({ min: 1, max: 5_000 }), fc.constantFrom("[", '{"a":'))
  .map(([levels, open]) =>
    JSON.stringify(sampleBatch({ events: [{ timestamp: NOW_S, data: { x: 0 } }] })).replace(
      '"x":0',
      `"x":${open.repeat(levels)}1${(open === "[" ? "]" : "}").repeat(levels)}`,
    ),
  );
const odd = fc
  .constantFrom("1e999", "-1e999", "-0", "1e-999", "9".repeat(400), '"\\ud800"', '"\\udc00\\ud800"', "null")
  .map((number) =>
    JSON.stringify(sampleBatch({ timestamp: 7 })).replace('"timestamp":7', `"timestamp":${number}`),
  );
const raw = fc.oneof(
  hostileText,
  fc.jsonValue().map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  { weight: 6, arbitrary: good },
  { weight: 2, arbitrary: almost },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: odd },
  { weight: 1, arbitrary: raw },
);

it(
  `survives ${BODIES} hostile bodies: no 5xx, nothing outside the vault, nothing active in it`,
  async () => {
    const { url, vault, stateDir, service } = await harness();
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
    const send = (text: string) =>
      new Promise<{ status: number; body: { stored?: number } }>((resolve, reject) => {
        const outgoing = httpRequest(
          `${url}/api/v1/ingest`,
          { agent, method: "POST", headers: { "x-api-key": KEY, "content-type": "application/json" } },
          (response) => {
            let answer = "";
            response.setEncoding("utf8");
            response.on("data", (chunk) => {
              answer += chunk;
            });
            response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }));
          },
        );
        outgoing.on("error", reject);
        outgoing.end(text);
      });
    const seed = Number(process.env["CAPTURE_SEED"] ?? 20_260_301);
    let stored = 0;
    for (let done = 0, round = 0; done < BODIES; round++) {
      const bodies = fc.sample(body, { numRuns: Math.min(500, BODIES - done), seed: seed + round });
      done += bodies.length;
      let next = 0;
      await Promise.all(
        Array.from({ length: CONCURRENCY }, async () => {
          for (let text = bodies[next++]; text !== undefined; text = bodies[next++]) {
            const answer = await send(text);
            if (![200, 422].includes(answer.status))
              throw new Error(`${answer.status} for ${text.slice(0, 2_000)}`);
            stored += answer.body.stored ?? 0;
          }
        }),
      );
    }
    agent.destroy();
    expect(stored).toBeGreaterThan(BODIES / 4);

    expect((await readdir(stateDir)).sort()).toEqual(["capture", "vault"]);
    expect(
      (await readdir(join(stateDir, "capture"))).filter((name) => !name.startsWith("ingest.sqlite")),
    ).toEqual([]);
    let found = 0;
    for (const folder of await readdir(vault)) {
      expect(folder).toMatch(/^[A-Z][a-z]+$/);
      for (const file of await readdir(join(vault, folder))) {
        expect(file).toMatch(/^\d{4}-\d{2}-\d{2}\.md$/);
        const content = await readFile(join(vault, folder, file), "utf8");
        const [header = "", ...rest] = content.split(/(?=^\n## )/m);
        expect(header).toMatch(/^---\ncapture: 1\n[\s\S]*?\n---\n\n# \w+ [\d-]+\n$/);
        for (const one of rest) expect(activeContent(one)).toEqual([]);
        expect(parseVaultFile(content)).toHaveLength(rest.length);
        found += rest.length;
      }
    }
    expect(found).toBe(stored);
    expect(await verifyVault(service, "default")).toMatchObject({
      ok: true,
      present: stored,
      pendingBatches: 0,
    });
  },
  60_000 + BODIES * 20,
);
