/** A process that queues injections and runs turns until it is killed; its parent judges the database. */
import { appendFileSync } from "node:fs";
import { emptyUsage } from "../../../src/contracts/messages.ts";
import type { AssistantMessageEvent, StreamFn } from "../../../src/contracts/model-stream.ts";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import type { RegistryEntry, RegistryReader } from "../../../src/plugins/types.ts";
import { createAgentRuntime, SystemEvents } from "../../../src/runtime/agent/index.ts";
import type { ConfigService } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { NextTurnInjections } from "../../../src/runtime/workflow/injections.ts";
import { openStore } from "../../../src/store/index.ts";

const [, , folder = "", count = "0", promptLog = "", workerFile = ""] = process.argv;
const SESSION = "agent:main:main";
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 4));

const stream: StreamFn = (_model, context) => {
  async function* events(): AsyncGenerator<AssistantMessageEvent> {
    const prompt = String(context.messages.findLast((message) => message.role === "user")?.content);
    appendFileSync(promptLog, `${JSON.stringify(prompt)}\n`);
    await pause();
    const message = {
      role: "assistant" as const,
      content: [{ type: "text" as const, text: "ok" }],
      api: "t",
      provider: "t",
      model: "m",
      usage: emptyUsage(),
      stopReason: "stop" as const,
      timestamp: 1,
    };
    yield { type: "done", reason: "stop", message };
  }
  return Object.assign(events(), { result: () => Promise.reject(new Error("not used")) });
};
const provider: ProviderPlugin = {
  id: "t",
  label: "t",
  auth: [],
  suggestDefaultModel: () => ({ model: "t/m", priority: 1 }),
  catalog: { run: () => ({ provider: { api: "t", models: [{ id: "m" }] } }) },
  createStreamFn: () => stream,
};
const entry = { kind: "provider", key: "t", value: provider, pluginId: "t" } as unknown as RegistryEntry;
const generation = {
  id: 1,
  list: (kind: string) => (kind === "provider" ? [entry] : []),
  get: () => undefined,
};
const registry = { current: () => generation } as unknown as RegistryReader;
const config = { current: () => ({ revision: 1, config: {} }) } as unknown as ConfigService;

const store = await openStore({ folder, workerFile });
const injections = new NextTurnInjections({
  store,
  clock: systemClock,
  mayInject: () => true,
  sessionKey: () => SESSION,
});
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
  injections,
});
await agent.resume();
process.send?.("ready");
for (let index = 0; index < Number(count); index++) {
  const request = { runId: `run-${index}`, sessionKey: SESSION, agentId: "main", origin: "chat" as const };
  const { status } = await agent.accept({ ...request, text: `<run-${index}>` });
  if (status === "ended") continue;
  // While turns wait and run: some of these are for the next turn, some come in the middle of one.
  for (let more = 0; more < 2; more++) {
    const text = `[${process.pid}.${index}.${more}]`;
    await injections.enqueue("probe", { sessionKey: SESSION, text });
    await pause();
  }
}
await agent.whenIdle(SESSION);
await agent.dispose();
await store.dispose();
process.send?.("done");
process.disconnect?.();
