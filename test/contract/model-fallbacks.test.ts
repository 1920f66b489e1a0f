import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { contract } from "./support.ts";

/** A server of models: each answers with its name, or refuses with a status. */
async function server(refusals: Record<string, { status: number; message: string; after?: string }>) {
  const asked: string[] = [];
  const http = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { model } = JSON.parse(body) as { model: string };
    asked.push(model);
    const refusal = refusals[model];
    if (refusal) {
      const headers = refusal.after === undefined ? {} : { "retry-after": refusal.after };
      response.writeHead(refusal.status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ error: { message: refusal.message } }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = { choices: [{ index: 0, delta: { content: `I am ${model}` }, finish_reason: "stop" }] };
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  const baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
  const models = ["one", "two", "three"].map((id) => ({ id }));
  const config = {
    agents: { defaults: { model: { primary: "farm/one", fallbacks: ["farm/two", "farm/three"] } } },
    models: { providers: { farm: { baseUrl, api: "openai-completions", apiKey: "k", models } } },
  };
  return { asked, config };
}

const ENDS = `
  api.on("agent_end", ({ success, error }) => seen.push(success ? "answered" : error));
  api.on("model_call_ended", ({ model, errorCategory }) => seen.push(model + " " + (errorCategory ?? "ok")));`;

describe("agents.defaults.model.fallbacks", () => {
  it.each([
    [401, "missing key", undefined, "auth"],
    [429, "slow down", "600", "rate_limit"],
    [529, "overloaded", "600", "overloaded"],
  ])("a model that refuses with %i gives way to the next", async (status, message, after, reason) => {
    const { asked, config } = await server({
      one: { status, message, ...(after === undefined ? {} : { after }) },
    });
    const { say, seen, call } = await contract({ register: ENDS }, { config });
    expect(await say("hello")).toBe(
      `↪️ farm/one did not answer (${reason}); farm/two answers instead.\n\nI am two`,
    );
    expect(asked).toEqual(["one", "two"]);
    expect(await seen()).toEqual([`one ${reason}`, "two ok", "answered"]);
    const { messages } = await call("chat.history", { sessionKey: "main" });
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant"]);
  });

  it("when all refuse, the turn fails once and says why each did", async () => {
    const { asked, config } = await server({
      one: { status: 401, message: "missing key" },
      two: { status: 429, message: "slow down", after: "600" },
      three: { status: 404, message: "no such model" },
    });
    const { say, seen, client } = await contract({ register: ENDS }, { config });
    const answer = await say("hello");
    for (const told of [
      "farm/one: auth (401",
      "farm/two: rate_limit (429",
      "farm/three: model_not_found (404",
    ]) {
      expect(answer).toContain(told);
    }
    expect(asked).toEqual(["one", "two", "three"]);
    expect((await seen()).filter((line: string) => line.startsWith("no model answered"))).toHaveLength(1);
    expect(client).toBeDefined();
  });
});
