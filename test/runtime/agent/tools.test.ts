import { describe, expect, it } from "vitest";
import type { AgentTool } from "../../../src/contracts/tool.ts";
import { LOOP_STOP_AT } from "../../../src/runtime/agent/loop-guard.ts";
import { assistant, call, FOREVER_MS, openRoom, say } from "./support.ts";

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });

function tool(name: string, fields: Partial<AgentTool> = {}): AgentTool {
  return {
    name,
    description: name,
    parameters: {
      type: "object",
      properties: { n: { type: "integer" }, flag: { type: "boolean" } },
      required: ["n"],
      additionalProperties: false,
    },
    execute: async (_id, params) => text(`${name} got ${JSON.stringify(params)}`),
    ...fields,
  };
}

async function turnWith(room: Awaited<ReturnType<typeof openRoom>>) {
  const request = room.request();
  await room.agent.accept(request);
  return room.agent.wait(request.runId, FOREVER_MS);
}

describe("tools in a turn", () => {
  it("[F054] checks and coerces arguments, runs the tool and gives the model its result", async () => {
    const seen: string[] = [];
    const room = await openRoom({
      tools: [tool("add")],
      script: (context, _options, round) => {
        seen.push(JSON.stringify(context.messages.at(-1)));
        return round === 0 ? call("add", { n: "5", flag: "true" }) : say("sum");
      },
    });
    expect(await turnWith(room)).toMatchObject({ status: "done", payloads: [{ text: "sum" }] });
    expect(seen[1]).toContain('add got {\\"n\\":5,\\"flag\\":true}');
    const phases = room.events.filter((event) => event.stream === "tool").map((event) => event.data["phase"]);
    expect(phases).toEqual(["start", "result"]);
  });

  it("tells the model what is wrong with arguments and unknown tools instead of failing", async () => {
    const room = await openRoom({
      tools: [tool("add")],
      script: (_context, _options, round) =>
        round === 0
          ? assistant([
              { type: "toolCall", id: "1", name: "add", arguments: { extra: 1 } },
              { type: "toolCall", id: "2", name: "nothing", arguments: {} },
            ])
          : say("ok"),
    });
    await turnWith(room);
    const results = (await room.transcript()).filter((line) => line.startsWith("toolResult"));
    expect(results[0]).toMatch(/Invalid arguments for add:[\s\S]*n/);
    expect(results[1]).toBe("toolResult: Tool nothing not found");
  });

  it("runs calls of one message at once, in turn when one insists, and keeps the order of the calls", async () => {
    for (const mode of ["parallel", "sequential"] as const) {
      let active = 0;
      let most = 0;
      const execute = async (_id: string, params: { n: number }) => {
        active += 1;
        most = Math.max(most, active);
        for (let turns = 0; turns < 4 - params.n; turns++) await new Promise((next) => setImmediate(next));
        active -= 1;
        return text(`result ${params.n}`);
      };
      const seen: string[] = [];
      const room = await openRoom({
        tools: [tool("work", { execute, executionMode: mode })],
        script: (context, _options, round) => {
          for (const message of context.messages) {
            if (message.role === "toolResult") seen.push((message.content[0] as { text: string }).text);
          }
          return round === 0
            ? assistant(
                [1, 2, 3].map((n) => ({ type: "toolCall", id: `${n}`, name: "work", arguments: { n } })),
              )
            : say("done");
        },
      });
      await turnWith(room);
      expect(seen).toEqual(["result 1", "result 2", "result 3"]);
      expect(most).toBe(mode === "parallel" ? 3 : 1);
    }
  });

  it("turns what a tool throws into an error result and bounds what it says", async () => {
    const room = await openRoom({
      tools: [
        tool("throws", { execute: () => Promise.reject(new Error("out of paper")) }),
        tool("talks", { execute: async () => text("x".repeat(500_000)) }),
      ],
      script: (_context, _options, round) =>
        round === 0
          ? assistant([
              { type: "toolCall", id: "1", name: "throws", arguments: { n: 1 } },
              { type: "toolCall", id: "2", name: "talks", arguments: { n: 1 } },
            ])
          : say("ok"),
    });
    await turnWith(room);
    const results = (await room.transcript()).filter((line) => line.startsWith("toolResult"));
    expect(results).toContain("toolResult: out of paper");
    const long = results.find((line) => line.includes("xxx"));
    expect(long).toContain("characters left out");
    expect(long?.length).toBeLessThan(40_000);
  });

  it("ends after a batch whose every result says so", async () => {
    let rounds = 0;
    const room = await openRoom({
      tools: [tool("final", { execute: async () => ({ ...text("sent"), terminate: true }) })],
      script: () => {
        rounds += 1;
        return call("final", { n: 1 });
      },
    });
    expect(await turnWith(room)).toMatchObject({ status: "done", payloads: [] });
    expect(rounds).toBe(1);
  });

  it("warns and then stops a model that repeats itself, but lets it poll", async () => {
    let polls = 0;
    const room = await openRoom({
      tools: [tool("same", { execute: async () => text("same") })],
      script: () => call("same", { n: 1 }),
    });
    expect(await turnWith(room)).toMatchObject({ status: "failed", error: { code: "LOOP_DETECTED" } });
    const results = (await room.transcript()).filter((line) => line.startsWith("toolResult"));
    expect(results).toHaveLength(LOOP_STOP_AT);
    expect(results[2]).toContain("Note: this call gave the same result");

    const polling = await openRoom({
      tools: [tool("poll", { execute: async () => ({ ...text("wait"), progress: true }) })],
      script: () => (++polls < 9 ? call("poll", { n: 1 }) : say("ready")),
    });
    expect(await turnWith(polling)).toMatchObject({ status: "done", payloads: [{ text: "ready" }] });
  });

  it("offers optional and owner-only tools only where they are allowed", async () => {
    const offered: string[][] = [];
    const script = (context: { tools?: { name: string }[] }) => {
      offered.push((context.tools ?? []).map((entry) => entry.name));
      return say("ok");
    };
    const tools = [tool("plain"), tool("owned", { ownerOnly: true })];
    const room = await openRoom({ tools, script, config: { tools: { deny: ["plain-denied"] } } });
    await turnWith(room);
    const guest = room.request({ origin: "channel", context: { senderIsOwner: false } });
    await room.agent.accept(guest);
    await room.agent.wait(guest.runId, FOREVER_MS);
    expect(offered).toEqual([["plain", "owned"], ["plain"]]);
  });
});

describe("tool hooks", () => {
  it("[F126] may rewrite arguments or block a call; a hook that fails blocks", async () => {
    const ran: unknown[] = [];
    const verdicts = [
      { params: { n: 99 } },
      { block: true, blockReason: "not today" },
      { requireApproval: { title: "Sure?", description: "" } },
    ];
    const room = await openRoom({
      tools: [
        tool("add", {
          execute: async (_id, params) => {
            ran.push(params);
            return text("ok");
          },
        }),
      ],
      hooks: {
        before_tool_call: () => {
          const next = verdicts.shift();
          if (!next) throw new Error("broken hook");
          return next;
        },
      },
      script: (_context, _options, round) =>
        round < 4 ? call("add", { n: round }, `id-${round}`) : say("done"),
    });
    await turnWith(room);
    expect(ran).toEqual([{ n: 99 }]);
    const results = (await room.transcript()).filter((line) => line.startsWith("toolResult"));
    expect(results).toEqual([
      "toolResult: ok",
      "toolResult: not today",
      expect.stringContaining("approval"),
      expect.stringContaining("check failed"),
    ]);
  });

  it("reports finished calls and lets a plugin change what is kept", async () => {
    const after: unknown[] = [];
    const room = await openRoom({
      tools: [tool("add")],
      hooks: {
        after_tool_call: (event: object) => void after.push(event),
        tool_result_persist: ({ message }: { message: object }) => ({
          message: { ...message, content: [{ type: "text", text: "(kept short)" }] },
        }),
      },
      script: (_context, _options, round) => (round === 0 ? call("add", { n: 1 }) : say("done")),
    });
    await turnWith(room);
    expect(after).toMatchObject([{ toolName: "add", params: { n: 1 }, toolCallId: "call-add" }]);
    expect(await room.transcript()).toContain("toolResult: (kept short)");
  });
});
