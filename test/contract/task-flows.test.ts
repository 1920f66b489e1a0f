import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { WireClient } from "../gateway/support/wire-client.ts";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { callsOf, contract } from "./support.ts";

/** `probe.flows { session, calls: [[member, params]] }` runs calls of a bound flow API, in order. */
const FLOWS = `
  const bound = ({ session, view = "managedFlows" }) => api.runtime.tasks[view].bindSession({ sessionKey: session });
  api.registerGatewayMethod("probe.flows", async ({ params }) => {
    const results = [];
    for (const [member, argument] of params.calls) {
      try { results.push((await bound(params)[member](argument)) ?? null); }
      catch (error) { results.push({ threw: error.code, message: error.message }); }
    }
    return { results };
  }, { scope: "operator.read" });
  api.registerGatewayMethod("probe.async", async ({ params }) => {
    const flows = api.runtime.tasks.async.managedFlows.bindSession({ sessionKey: params.session });
    const made = await flows.createManaged({ controllerId: "probe/async", goal: "later" });
    const done = await flows.finish({ flowId: made.flowId, expectedRevision: made.revision });
    return { made, done, same: await flows.resolve(made.flowId) };
  }, { scope: "operator.read" });`;

/** What the documentation of plugin authors shows, in one tool. */
const REVIEW = `
  api.registerTool((ctx) => ({ name: "review", description: "Reviews.", parameters: { type: "object", properties: {} },
    execute: async () => {
      const taskFlow = api.runtime.tasks.managedFlows.fromToolContext(ctx);
      const created = taskFlow.createManaged({ controllerId: "probe/review-batch", goal: "Review new pull requests" });
      const child = taskFlow.runTask({ flowId: created.flowId, runtime: "acp", childSessionKey: "agent:main:subagent:reviewer",
        task: "Review PR #123", status: "running", startedAt: Date.now() });
      const waiting = taskFlow.setWaiting({ flowId: created.flowId, expectedRevision: created.revision,
        currentStep: "await-human-reply", waitJson: { kind: "reply", channel: "chat" } });
      seen.push({ created, child, waiting });
      return { content: [{ type: "text", text: "waiting" }] };
    } }), { names: ["review"] });`;
const TOOLS = { contracts: { tools: ["review"] } };

async function bench(register = FLOWS, manifest: Record<string, unknown> = {}) {
  const opened = await contract({ register, manifest });
  const flows = async (session: string, ...calls: [string, unknown?][]) =>
    (await opened.call("probe.flows", { session, calls })).results;
  return { ...opened, flows };
}

const NEW = { controllerId: "probe/work", goal: "do it" };

describe("task flows", () => {
  it("[F109, F212] a tool records a flow of several steps in the session its turn runs in", async () => {
    const { say, seen, flows } = await bench(`${FLOWS}${REVIEW}`, TOOLS);
    expect(await say("/tool review {}")).toContain("waiting");
    const [{ created, child, waiting }] = await seen();
    expect(created).toMatchObject({ revision: 0, status: "queued", ownerKey: "agent:main:main" });
    expect(child).toMatchObject({
      created: true,
      task: { runtime: "acp", status: "running", parentFlowId: created.flowId },
    });
    expect(waiting).toMatchObject({
      applied: true,
      flow: { revision: 1, status: "waiting", waitJson: { kind: "reply", channel: "chat" } },
    });
    // A later turn finds it again and goes on from its revision.
    const [found, resumed, stale, done, summary] = await flows(
      "main",
      ["findLatest"],
      ["resume", { flowId: created.flowId, expectedRevision: 1, status: "running", stateJson: { at: 2 } }],
      ["setWaiting", { flowId: created.flowId, expectedRevision: 1 }],
      ["finish", { flowId: created.flowId, expectedRevision: 2 }],
      ["getTaskSummary", created.flowId],
    );
    expect(found).toEqual(waiting.flow);
    expect(resumed.flow).toMatchObject({ revision: 2, status: "running", stateJson: { at: 2 } });
    expect(resumed.flow).not.toHaveProperty("waitJson");
    expect(stale).toMatchObject({ applied: false, code: "revision_conflict", current: { revision: 2 } });
    expect(done.flow).toMatchObject({ revision: 3, status: "succeeded", endedAt: expect.any(Number) });
    expect(summary).toMatchObject({ total: 1, active: 1, byStatus: { running: 1 } });
  });

  it("[F212] a flow belongs to its session; the others do not see it", async () => {
    const { flows } = await bench();
    const [made] = await flows("main", ["createManaged", NEW]);
    const { flowId } = made;
    const [get, list, step, task, cancel, summary] = await flows(
      "agent:main:other",
      ["get", flowId],
      ["list"],
      ["finish", { flowId, expectedRevision: 0 }],
      ["runTask", { flowId, runtime: "cli", task: "t" }],
      ["cancel", { flowId }],
      ["getTaskSummary", flowId],
    );
    expect([get, list, summary]).toEqual([null, [], null]);
    expect(step).toEqual({ applied: false, code: "not_found" });
    expect(task).toMatchObject({ created: false, found: false });
    expect(cancel).toMatchObject({ found: false, cancelled: false });
    expect((await flows("agent:main:main", ["resolve", "agent:main:main"]))[0]).toEqual(made);
  });

  it("[F212] refuses a binding without a session and names what is wrong with a flow", async () => {
    const { flows } = await bench(`${FLOWS}
      api.registerGatewayMethod("probe.unbound", () => {
        try { api.runtime.tasks.managedFlows.fromToolContext({}); return { bound: true }; }
        catch (error) { return { message: error.message, code: error.code }; }
      }, { scope: "operator.read" });`);
    expect((await flows(" ", ["list"]))[0]).toMatchObject({ threw: "INVALID_FLOW" });
    const answers = await flows(
      "main",
      ["createManaged", { controllerId: "", goal: "x" }],
      ["createManaged", { ...NEW, status: "paused" }],
      ["createManaged", { ...NEW, goal: "x".repeat(16_385) }],
      ["createManaged", { ...NEW, stateJson: { deep: "y".repeat(65_537) } }],
      ["setWaiting", { flowId: "f" }],
      ["runTask", { flowId: "f", runtime: "cloud", task: "t" }],
    );
    for (const answer of answers) expect(answer).toMatchObject({ threw: "INVALID_FLOW" });
    expect(answers[0].message).toContain("controllerId");
  });

  it("[F212] blocked, resumed, failed and asked-to-cancel flows carry what the contract says", async () => {
    const { flows } = await bench();
    const [{ flowId }] = await flows("main", ["createManaged", { ...NEW, waitJson: { for: "it" } }]);
    const [blocked, resumed, failed, again] = await flows(
      "main",
      ["setWaiting", { flowId, expectedRevision: 0, blockedSummary: "no key", currentStep: "ask" }],
      ["resume", { flowId, expectedRevision: 1, currentStep: null }],
      ["fail", { flowId, expectedRevision: 2, endedAt: 5 }],
      ["resume", { flowId, expectedRevision: 3 }],
    );
    expect(blocked.flow).toMatchObject({
      status: "blocked",
      blockedSummary: "no key",
      waitJson: { for: "it" },
    });
    expect(resumed.flow).toMatchObject({ status: "queued", revision: 2 });
    for (const field of ["blockedSummary", "waitJson", "currentStep"])
      expect(resumed.flow).not.toHaveProperty(field);
    expect(failed.flow).toMatchObject({ status: "failed", endedAt: 5 });
    expect(again.flow).not.toHaveProperty("endedAt");
    const [asked, child, askedAgain, cancelled, over] = await flows(
      "main",
      ["requestCancel", { flowId, expectedRevision: 4, cancelRequestedAt: 7 }],
      ["runTask", { flowId, runtime: "cli", task: "t" }],
      ["requestCancel", { flowId, expectedRevision: 5, cancelRequestedAt: 9 }],
      ["cancel", { flowId }],
      ["cancel", { flowId }],
    );
    expect(asked.flow).toMatchObject({ status: "queued", cancelRequestedAt: 7 });
    expect(child).toMatchObject({
      created: false,
      found: true,
      reason: expect.stringContaining("cancelled"),
    });
    expect(askedAgain.flow.cancelRequestedAt).toBe(7);
    expect(cancelled).toMatchObject({ found: true, cancelled: true, flow: { status: "cancelled" } });
    expect(over).toMatchObject({ found: true, cancelled: false, reason: expect.stringContaining("ended") });
  });

  it("[F212] cancelling a flow stops the run of its child, and a child ends with its run", async () => {
    const { flows, call, client } = await bench();
    const send = (message: string, idempotencyKey: string) =>
      call("chat.send", { sessionKey: "agent:main:child", message, idempotencyKey });
    const [{ flowId }] = await flows("main", ["createManaged", NEW]);
    await send("[delay=60] one two three four five six seven eight nine ten", "long-run");
    const [child] = await flows("main", [
      "runTask",
      { flowId, runtime: "subagent", childSessionKey: "agent:main:child", runId: "long-run", task: "t" },
    ]);
    expect(child.task).toMatchObject({ status: "queued", runId: "long-run" });
    const [cancelled] = await flows("main", ["cancel", { flowId }]);
    expect(cancelled).toMatchObject({
      found: true,
      cancelled: true,
      flow: { status: "cancelled" },
      tasks: [{ status: "cancelled" }],
    });
    const [other] = await flows("main", ["createManaged", NEW]);
    await send("hello", "short-run");
    await client.next(
      ({ event, payload }) => event === "chat" && payload.runId === "short-run" && payload.state === "final",
    );
    const [linked] = await flows("main", [
      "runTask",
      {
        flowId: other.flowId,
        runtime: "subagent",
        childSessionKey: "agent:main:child",
        runId: "short-run",
        task: "t",
      },
    ]);
    expect(linked.task.status).toBe("succeeded");
    const [refused] = await flows("main", ["cancel", { flowId: other.flowId }]);
    expect(refused).toMatchObject({ cancelled: true, tasks: [{ status: "succeeded" }] });
  });

  it("[F212] older names, views and promises lead to the same flows", async () => {
    const { call } = await bench(`${FLOWS}
      api.registerGatewayMethod("probe.names", () => {
        const { tasks, taskFlow } = api.runtime;
        const session = { sessionKey: "main", requesterOrigin: { channel: "chat" } };
        const made = taskFlow.bindSession(session).createManaged({ controllerId: "c", goal: "g" });
        const view = tasks.flows.bindSession(session);
        const task = tasks.flow.bindSession(session).runTask({ flowId: made.flowId, runtime: "cli", task: "t", runId: "r9" });
        const runs = tasks.runs.bindSession(session);
        return { made, seen: view.get(made.flowId), members: Object.keys(view), task: task.task, run: runs.resolve("r9"), runs: runs.list() };
      }, { scope: "operator.read" });`);
    const { made, seen, members, task, run, runs } = await call("probe.names");
    expect(seen).toEqual(made);
    expect(made.requesterOrigin).toEqual({ channel: "chat" });
    expect(members).not.toContain("finish");
    expect(run).toEqual(task);
    expect(runs).toEqual([task]);
    const later = await call("probe.async", { session: "main" });
    expect(later.done).toMatchObject({ applied: true, flow: { status: "succeeded", revision: 1 } });
    expect(later.same).toEqual(later.done.flow);
  });

  it("[F109] what was acknowledged is there after a kill; work that died with the process is lost", async () => {
    const folder = await temporaryFolder();
    const plugin = await writePlugin(join(folder, "probe"), "probe", { register: FLOWS });
    const stateDir = join(folder, "state");
    await mkdir(stateDir);
    await writeFile(
      join(stateDir, "sluice.json"),
      JSON.stringify({ plugins: { load: { paths: [plugin] }, entries: { probe: { enabled: true } } } }),
    );
    const start = async () => {
      const gateway = await spawnGateway({ stateDir });
      onTestFinished(() => gateway.dispose());
      const client = await WireClient.open(gateway.url, {
        scopes: ["operator.admin"],
        auth: { token: gateway.token },
      });
      const { call } = callsOf(client);
      const flows = async (...calls: [string, unknown?][]) =>
        (await call("probe.flows", { session: "main", calls })).results;
      return { gateway, flows };
    };
    const first = await start();
    const [flow, doomed] = await first.flows(["createManaged", NEW], ["createManaged", NEW]);
    await first.flows(
      [
        "runTask",
        {
          flowId: doomed.flowId,
          runtime: "subagent",
          childSessionKey: "agent:main:gone",
          task: "t",
          status: "running",
        },
      ],
      ["requestCancel", { flowId: doomed.flowId, expectedRevision: 0 }],
    );
    let acknowledged = 0;
    const ended = new Promise((resolve) => first.gateway.process.once("exit", resolve));
    for (let revision = 0; revision < 40; revision++) {
      if (revision === 20) first.gateway.process.kill("SIGKILL");
      const step = { flowId: flow.flowId, expectedRevision: revision, stateJson: { revision } };
      const answer = await first.flows(["setWaiting", step]).catch(() => undefined);
      if (!answer) break;
      expect(answer[0].applied).toBe(true);
      acknowledged = revision + 1;
    }
    await ended;
    expect(acknowledged).toBeGreaterThanOrEqual(20);
    const second = await start();
    const [after, stopped, summary] = await second.flows(
      ["get", flow.flowId],
      ["get", doomed.flowId],
      ["getTaskSummary", doomed.flowId],
    );
    expect(after.revision).toBeGreaterThanOrEqual(acknowledged);
    expect(after).toMatchObject({ status: "waiting", stateJson: { revision: after.revision - 1 } });
    expect(summary).toMatchObject({ active: 0, byStatus: { lost: 1 } });
    expect(stopped.status).toBe("cancelled");
    const [resumed] = await second.flows([
      "resume",
      { flowId: flow.flowId, expectedRevision: after.revision },
    ]);
    expect(resumed.applied).toBe(true);
  });
});
