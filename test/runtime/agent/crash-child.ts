/**
 * A process that accepts messages and answers them until it is killed or done. Arguments: state folder,
 * number of messages, file for what it saw, the store's worker, share of calls in which the first model fails.
 * Every tool call leaves a line in that file.
 */
import { appendFileSync } from "node:fs";
import { emptyUsage } from "../../../src/contracts/messages.ts";
import type { AssistantMessageEvent, StreamFn } from "../../../src/contracts/model-stream.ts";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import type { ToolRegistration } from "../../../src/contracts/registrations.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import type { RegistryEntry, RegistryReader } from "../../../src/plugins/types.ts";
import { createAgentRuntime, SystemEvents } from "../../../src/runtime/agent/index.ts";
import type { ConfigService } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { openStore } from "../../../src/store/index.ts";

const [folder = "", count = "0", log = "", workerFile = "", failing = "0"] = process.argv.slice(2);

/** Asks for one tool call, then repeats the user's words; pauses a little at each step. */
const stream: StreamFn = (model, context) => {
  async function* events(): AsyncGenerator<AssistantMessageEvent> {
    const last = context.messages.at(-1);
    const base = {
      role: "assistant" as const,
      api: "t",
      provider: "t",
      model: "m",
      usage: emptyUsage(),
      timestamp: 1,
    };
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    if (model.id === "m" && Math.random() < Number(failing)) {
      const error = { ...base, content: [], stopReason: "error" as const, errorCode: "overloaded" };
      yield { type: "error", reason: "error", error: { ...error, errorMessage: "too much to do" } };
      return;
    }
    if (last?.role === "user") {
      const toolCall = {
        type: "toolCall" as const,
        id: "c1",
        name: "note",
        arguments: { text: String(last.content) },
      };
      yield { type: "toolcall_end", contentIndex: 0, toolCall };
      yield {
        type: "done",
        reason: "toolUse",
        message: { ...base, content: [toolCall], stopReason: "toolUse" },
      };
      return;
    }
    const said = context.messages.findLast((message) => message.role === "user")?.content;
    const text = `answer to ${said}`;
    yield { type: "text_delta", contentIndex: 0, delta: text };
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    yield {
      type: "done",
      reason: "stop",
      message: { ...base, content: [{ type: "text", text }], stopReason: "stop" },
    };
  }
  return Object.assign(events(), { result: () => Promise.reject(new Error("not used")) });
};

const provider: ProviderPlugin = {
  id: "t",
  label: "t",
  auth: [],
  suggestDefaultModel: () => ({ model: "t/m", priority: 1 }),
  catalog: { run: () => ({ provider: { api: "t", models: [{ id: "m" }, { id: "n" }] } }) },
  createStreamFn: () => stream,
};
const note: ToolRegistration = {
  names: ["note"],
  optional: false,
  create: () => ({
    name: "note",
    description: "",
    parameters: { type: "object" },
    execute: async (_id, params: { text: string }) => {
      appendFileSync(log, `${params.text}\n`);
      return { content: [{ type: "text", text: "noted" }] };
    },
  }),
};
const row = (kind: string, value: unknown) =>
  [{ kind, key: kind, value, pluginId: kind }] as unknown as RegistryEntry[];
const generation = {
  id: 1,
  list: (kind: string) =>
    kind === "provider" ? row(kind, provider) : kind === "tool" ? row(kind, note) : [],
};
const registry = { current: () => generation } as unknown as RegistryReader;
const chain = { agents: { defaults: { model: { primary: "t/m", fallbacks: ["t/n"] } } } };
const config = { current: () => ({ revision: 1, config: chain }) } as unknown as ConfigService;

const store = await openStore({ folder, workerFile });
const agent = createAgentRuntime({
  store,
  registry,
  config,
  clock: systemClock,
  logger: silentLogger,
  stateDir: folder,
  hooks: { has: () => false, run: async () => undefined, runSync: () => undefined, announce: async () => [] },
  models: createModels({ registry, config, clock: systemClock, logger: silentLogger, env: {} }),
  systemEvents: new SystemEvents(),
  replyPlanner: { plan: () => [] },
});
await agent.resume();
process.send?.("ready");
for (let index = 0; index < Number(count); index++) {
  const sessionKey = `agent:main:s${index % 3}`;
  await agent.accept({
    runId: `run-${index}`,
    sessionKey,
    agentId: "main",
    origin: "chat",
    text: `m${index}`,
  });
}
process.send?.("accepted");
for (let index = 0; index < 3; index++) await agent.whenIdle(`agent:main:s${index}`);
await agent.dispose();
await store.dispose();
process.send?.("done");
process.disconnect?.();
