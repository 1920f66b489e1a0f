import { expect, it } from "vitest";
import { contract } from "./support.ts";

it("[F264] a version 2 tool knows whether its turn still goes on; its own word on the outcome counts", async () => {
  const { say, seen, call } = await contract({
    register: `
      let kept;
      api.registerTool({ contextVersion: 2, create: (ctx) => ({ name: "look", description: "Looks.",
        parameters: { type: "object", properties: { outcome: { type: "object" } } },
        execute: async (id, { outcome }) => { ctx.assertInvocationCurrent(); kept = ctx; return { content: [{ type: "text", text: "looked" }], details: outcome }; } }) }, { name: "look" });
      api.on("after_tool_call", ({ result, error }) => { seen.push({ details: result?.details, failed: error !== undefined }); });
      api.registerGatewayMethod("probe.later", () => {
        try { kept.assertInvocationCurrent(); return { current: true }; }
        catch (error) { return { current: false, code: error.code }; }
      }, { scope: "operator.read" });`,
    manifest: { contracts: { tools: ["look"] } },
  });
  const graded = async (outcome: object) => {
    const answer = await say(`/tool look ${JSON.stringify({ outcome })}`);
    return { answer, ...(await seen()).at(-1) };
  };
  expect(await graded({ results: 3 })).toMatchObject({ failed: false, details: { results: 3 } });
  for (const status of ["blocked", "denied", "invalid", "cancelled"]) {
    expect(await graded({ status }), status).toMatchObject({ answer: expect.stringMatching(/fail|error/i) });
    expect((await graded({ status, ok: true })).answer, status).not.toMatch(/fail|error/i);
    expect((await graded({ status, success: true })).answer, status).not.toMatch(/fail|error/i);
  }
  expect(await call("probe.later")).toEqual({ current: false, code: "INVOCATION_OVER" });
});
