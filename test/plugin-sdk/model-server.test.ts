import { expect, it } from "vitest";
import { askModelServer, listModelIds } from "../../src/plugin-sdk/model-stream.ts";
import { loopbackServer } from "../support/loopback-server.ts";

const LIMIT = 64;
const ask = { timeoutMs: 5_000, maxBytes: LIMIT };

it("what a model server tells is read up to its limit, also when it does not say how much it is", async () => {
  let ended = false;
  const url = await loopbackServer((request, response) => {
    response.on("close", () => {
      ended = true;
    });
    if (request.url === "/endless") {
      const talk = () => {
        if (!response.destroyed) response.write(" ".repeat(1_024), () => setImmediate(talk));
      };
      return talk();
    }
    const size = request.url === "/longest" ? LIMIT : LIMIT + 1;
    response.write(JSON.stringify({ a: 1 }));
    response.end(" ".repeat(size - 7));
  });
  expect(await askModelServer(`${url}/longest`, ask)).toEqual({ a: 1 });
  expect(await askModelServer(`${url}/longer`, ask)).toBeUndefined();
  ended = false;
  expect(await askModelServer(`${url}/endless`, ask)).toBeUndefined();
  await expect.poll(() => ended).toBe(true);
});

it("ids are the first ones that are texts", async () => {
  const url = await loopbackServer((_request, response) =>
    response.end(
      JSON.stringify({ data: [{ id: "a" }, null, { id: 1 }, { id: "" }, { id: "b" }, { id: "c" }] }),
    ),
  );
  expect(await listModelIds(url, { ...ask, maxBytes: 4_096 }, 2)).toEqual(["a", "b"]);
  expect(await listModelIds(url, { ...ask, maxBytes: 8 }, 2)).toEqual([]);
});
