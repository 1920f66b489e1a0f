import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AssistantMessage } from "../../../src/contracts/messages.ts";
import { emptyUsage } from "../../../src/contracts/messages.ts";
import type {
  AssistantMessageEvent,
  ModelContext,
  StreamFn,
  StreamOptions,
} from "../../../src/contracts/model-stream.ts";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import type { ToolRegistration } from "../../../src/contracts/registrations.ts";
import type { AgentTool } from "../../../src/contracts/tool.ts";
import { type Clock, systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import type { HookRunner, RegistryEntry, RegistryReader } from "../../../src/plugins/types.ts";
import { createAgentRuntime, SystemEvents } from "../../../src/runtime/agent/index.ts";
import type { AgentEvent, AgentRuntime, ReplyPlanner } from "../../../src/runtime/agent/types.ts";
import type { ConfigService, ConfigSnapshot, SluiceConfig } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import type { TurnRequest } from "../../../src/store/records.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A configuration that stands still until `set`. */
export function fixedConfig(initial: SluiceConfig = {}): ConfigService & { set(config: SluiceConfig): void } {
  let revision = 1;
  let snapshot = snapshotOf(initial, revision);
  return {
    current: () => snapshot,
    mutate: () => Promise.reject(new Error("the test configuration is read-only")),
    validate: () => Promise.resolve([]),
    refresh: () => Promise.resolve(snapshot),
    onChange: () => ({ dispose() {} }),
    dispose() {},
    set(config) {
      revision += 1;
      snapshot = snapshotOf(config, revision);
    },
  };
}

function snapshotOf(config: SluiceConfig, revision: number): ConfigSnapshot {
  return {
    revision,
    hash: String(revision),
    path: "",
    source: config,
    config,
    origin: "defaults",
    problems: [],
    exists: false,
    text: "",
    includedPaths: [],
  };
}

/** A registry of plain values by kind. */
export function registryOf(contents: Record<string, Record<string, unknown>>): RegistryReader {
  let ordinal = 0;
  const rows = new Map<string, RegistryEntry[]>();
  for (const [kind, values] of Object.entries(contents)) {
    rows.set(
      kind,
      Object.entries(values).map(([key, value]) => ({
        kind,
        key,
        value,
        pluginId: `plugin-${key}`,
        pluginName: key,
        source: "",
        rootDir: "",
        ordinal: ordinal++,
      })),
    );
  }
  const generation = {
    id: 1,
    list: <T>(kind: string) => (rows.get(kind) ?? []) as RegistryEntry<T>[],
    get: <T>(kind: string, key: string) =>
      rows.get(kind)?.find((row) => row.key === key) as RegistryEntry<T> | undefined,
    ofPlugin: () => [],
  };
  return { current: () => generation, onChange: () => ({ dispose() {} }) };
}

export type HookTable = Record<string, (event: never, context: never) => unknown>;

/** One handler per hook; results are taken as merged. */
export function hooksOf(table: HookTable = {}): HookRunner {
  const call = (hook: string, event: object, context: object) =>
    table[hook]?.(event as never, context as never);
  return {
    has: (hook) => hook in table,
    // As the real runner: only handlers that asked for it see the phase with tool authority.
    run: async (hook, event, context) =>
      ("toolAuthority" in context ? undefined : await call(hook, event, context)) as never,
    runSync: (hook, event, context) => call(hook, event, context) as never,
    announce: async () => [],
  };
}

export function toolRow(tool: AgentTool, optional = false): ToolRegistration {
  return { names: [tool.name], optional, create: () => tool };
}

export function assistant(
  content: AssistantMessage["content"],
  fields: Partial<AssistantMessage> = {},
): AssistantMessage {
  return {
    role: "assistant",
    content,
    api: "test",
    provider: "scripted",
    model: "one",
    usage: { ...emptyUsage(), input: 10, output: 3, totalTokens: 13 },
    stopReason: content.some((part) => part.type === "toolCall") ? "toolUse" : "stop",
    timestamp: 1,
    ...fields,
  };
}

export const say = (text: string) => assistant([{ type: "text", text }]);
export const call = (name: string, args: Record<string, unknown>, id = `call-${name}`) =>
  assistant([{ type: "toolCall", id, name, arguments: args }]);

/** What a scripted model does when it is asked for the n-th time. */
export type Script = (
  context: ModelContext,
  options: StreamOptions,
  round: number,
) => AssistantMessage | AsyncIterable<AssistantMessageEvent> | Promise<AssistantMessage>;

export function scriptedProvider(script: Script): ProviderPlugin {
  let round = 0;
  const stream: StreamFn = (_model, context, options = {}) => {
    const made = script(context, options, round++);
    const events = Symbol.asyncIterator in made ? made : eventsOf(made);
    return Object.assign(events, { result: () => Promise.reject(new Error("not used")) });
  };
  return {
    id: "scripted",
    label: "Scripted",
    auth: [],
    suggestDefaultModel: () => ({ model: "scripted/one", priority: 1 }),
    catalog: {
      run: () => ({
        provider: { api: "test", models: [{ id: "one", contextWindow: 32_000 }, { id: "two" }] },
      }),
    },
    createStreamFn: () => stream,
  };
}

/** A whole message as the events a provider would send, one delta per word. */
export async function* eventsOf(
  given: AssistantMessage | Promise<AssistantMessage>,
): AsyncGenerator<AssistantMessageEvent> {
  const message = await given;
  yield { type: "start" };
  for (const [contentIndex, part] of message.content.entries()) {
    if (part.type === "text") {
      for (const delta of part.text.match(/\S+\s*/g) ?? []) yield { type: "text_delta", contentIndex, delta };
    }
    if (part.type === "toolCall") yield { type: "toolcall_end", contentIndex, toolCall: part };
  }
  if (message.stopReason === "error" || message.stopReason === "aborted") {
    yield { type: "error", reason: message.stopReason, error: message };
  } else yield { type: "done", reason: message.stopReason, message };
}

export interface Room {
  agent: AgentRuntime;
  store: Store;
  events: AgentEvent[];
  folder: string;
  request(fields?: Partial<TurnRequest>): TurnRequest;
  /** Texts of the transcript in order, by role. */
  transcript(sessionKey?: string): Promise<string[]>;
}

let runs = 0;

/** A real store and a real agent room around a scripted model. */
export async function openRoom(
  options: {
    script?: Script;
    providers?: Record<string, ProviderPlugin>;
    tools?: AgentTool[];
    hooks?: HookTable;
    config?: SluiceConfig;
    clock?: Clock;
    folder?: string;
    replyPlanner?: ReplyPlanner;
    /** What the store is wrapped in, for example to let it fail. */
    around?: (store: Store) => Store;
  } = {},
): Promise<Room> {
  const folder = options.folder ?? (await temporaryFolder());
  const plainStore = await openStore({ folder: join(folder, "state") });
  const store = options.around?.(plainStore) ?? plainStore;
  const clock = options.clock ?? systemClock;
  const config = fixedConfig(options.config);
  const registry = registryOf({
    provider: options.providers ?? {
      scripted: scriptedProvider(options.script ?? (() => say("Hello there"))),
    },
    tool: Object.fromEntries((options.tools ?? []).map((tool) => [tool.name, toolRow(tool)])),
  });
  const logger = silentLogger;
  const agent = createAgentRuntime({
    store,
    registry,
    config,
    clock,
    logger,
    stateDir: folder,
    hooks: hooksOf(options.hooks),
    models: createModels({ registry, config, clock, logger, env: {}, stateDir: folder }),
    systemEvents: new SystemEvents(),
    replyPlanner: options.replyPlanner ?? { plan: () => [] },
  });
  const events: AgentEvent[] = [];
  agent.onEvent((event) => events.push(event));
  onTestFinished(async () => {
    await agent.dispose();
    await store.dispose();
  });
  return {
    agent,
    store,
    events,
    folder,
    request: (fields = {}) => ({
      runId: `run-${++runs}`,
      sessionKey: "agent:main:main",
      agentId: "main",
      origin: "chat",
      text: "hi",
      ...fields,
    }),
    async transcript(sessionKey = "agent:main:main") {
      const page = await store.call.transcripts.page({ sessionKey, limit: 1_000 });
      return (page?.entries ?? [])
        .filter((entry) => entry.type === "message")
        .map((entry) => {
          const message = JSON.parse(entry.body) as { role: string; content: unknown };
          const content = message.content as string | { text?: string; name?: string }[];
          const text =
            typeof content === "string"
              ? content
              : content.map((part) => part.text ?? (part.name ? `<${part.name}>` : "")).join("");
          return `${message.role}: ${text}`;
        });
    },
  };
}

/** Waits for the end of a run for as long as a test may take. */
export const FOREVER_MS = 15_000;
