import { onTestFinished } from "vitest";
import { createChannelFoundation } from "../../src/channels/foundation.ts";
import { createChannelService } from "../../src/channels/service.ts";
import type { ChannelService } from "../../src/channels/types.ts";
import type {
  ChannelGatewayContext,
  ChannelOutboundContext,
  ChannelPlugin,
  OutboundDeliveryResult,
} from "../../src/contracts/channel.ts";
import type { InboundMessage } from "../../src/contracts/channel-runtime.ts";
import { type Clock, systemClock } from "../../src/kernel/clock.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import { createAgentRuntime, SystemEvents } from "../../src/runtime/agent/index.ts";
import type { AgentRuntime } from "../../src/runtime/agent/types.ts";
import type { SluiceConfig } from "../../src/runtime/config/types.ts";
import { createModels } from "../../src/runtime/models/index.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import {
  fixedConfig,
  type HookTable,
  hooksOf,
  registryOf,
  type Script,
  say,
  scriptedProvider,
} from "../runtime/agent/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A chat platform in memory: what was sent is kept, and sending fails as told. */
export interface TestPlatform {
  plugin: ChannelPlugin;
  sent: { to: string; text: string; accountId: string }[];
  /** Called before a message counts as sent; throw to fail. */
  onSend(send: (context: ChannelOutboundContext) => Promise<OutboundDeliveryResult> | undefined): void;
  starts: ChannelGatewayContext[];
}

export function testPlatform(options: { id?: string; fields?: Partial<ChannelPlugin> } = {}): TestPlatform {
  const id = options.id ?? "memo";
  const sent: TestPlatform["sent"] = [];
  const starts: ChannelGatewayContext[] = [];
  let intercept: (context: ChannelOutboundContext) => Promise<OutboundDeliveryResult> | undefined = () =>
    undefined;
  const plugin: ChannelPlugin = {
    id,
    meta: { id, label: "Memo", aliases: ["memorandum"] },
    capabilities: { chatTypes: ["direct", "group"] },
    config: { listAccountIds: () => ["default"], resolveAccount: () => ({ enabled: true }) },
    outbound: {
      deliveryMode: "direct",
      textChunkLimit: 400,
      async sendText(context) {
        const own = await intercept(context);
        if (own) return own;
        sent.push({ to: context.to, text: context.text, accountId: context.accountId ?? "" });
        return { messageId: `sent-${sent.length}` };
      },
    },
    gateway: {
      async startAccount(context) {
        starts.push(context);
        await new Promise((resolve) =>
          context.abortSignal.addEventListener("abort", resolve, { once: true }),
        );
      },
    },
    ...options.fields,
  };
  return {
    plugin,
    sent,
    starts,
    onSend: (next) => {
      intercept = next;
    },
  };
}

export interface ChannelRoom {
  channels: ChannelService;
  agent: AgentRuntime;
  store: Store;
  config: ReturnType<typeof fixedConfig>;
  folder: string;
  /** Resolves when nothing is open any more. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A real store, agent and channel service around platforms in memory and a scripted model. */
export async function openChannels(options: {
  platforms: TestPlatform[];
  config?: SluiceConfig;
  script?: Script;
  hooks?: HookTable;
  clock?: Clock;
  folder?: string;
  start?: boolean;
  /** What the store is wrapped in, for example to let it fail. */
  around?: (store: Store) => Store;
}): Promise<ChannelRoom> {
  const folder = options.folder ?? (await temporaryFolder());
  const plainStore = await openStore({ folder });
  const store = options.around?.(plainStore) ?? plainStore;
  const clock = options.clock ?? systemClock;
  const config = fixedConfig(
    options.config ?? { channels: { memo: { dmPolicy: "open", allowFrom: ["*"] } } },
  );
  const registry = registryOf({
    provider: { scripted: scriptedProvider(options.script ?? echo) },
    channel: Object.fromEntries(options.platforms.map(({ plugin }) => [plugin.id, plugin])),
  });
  const hooks = hooksOf(options.hooks);
  const foundation = createChannelFoundation({ registry, config, clock });
  const models = createModels({ registry, config, clock, logger: silentLogger, env: {} });
  const agent = createAgentRuntime({
    store,
    models,
    registry,
    hooks,
    config,
    clock,
    logger: silentLogger,
    stateDir: folder,
    systemEvents: new SystemEvents(),
    replyPlanner: foundation.planner,
    coreTools: foundation.tools,
  });
  const channels = createChannelService({
    foundation,
    store,
    registry,
    hooks,
    agent,
    config,
    clock,
    logger: silentLogger,
    stateDir: folder,
    random: () => 0.5,
  });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await channels.drain(1_000);
    await channels.dispose();
    await agent.dispose();
    await store.dispose();
  };
  onTestFinished(close);
  if (options.start !== false) {
    await agent.resume();
    await channels.start();
  }
  return { channels, agent, store: plainStore, config, folder, close, settled: () => settled(plainStore) };
}

const echo: Script = (context) => {
  const last = context.messages.at(-1);
  const content = last?.role === "user" ? last.content : "";
  const text =
    typeof content === "string" ? content : content.map((part) => ("text" in part ? part.text : "")).join("");
  return say(`re: ${text}`);
};

async function settled(store: Store): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const inbox = await store.call.inbox.counts({});
    const outbox = await store.call.outbox.counts({});
    const open =
      inbox.byStatus.pending + inbox.byStatus.claimed + outbox.byStatus.queued + outbox.byStatus.sending;
    if (open === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("messages did not settle");
}

let count = 0;

export function incoming(fields: Partial<InboundMessage> = {}): InboundMessage {
  count += 1;
  return {
    channel: "memo",
    accountId: "default",
    messageId: `m${count}`,
    conversation: { kind: "direct", id: "ada" },
    sender: { id: "ada", name: "Ada" },
    text: "hello",
    reply: { to: "ada" },
    ...fields,
  };
}

export function groupMessage(text: string, fields: Partial<InboundMessage> = {}): InboundMessage {
  return incoming({
    conversation: { kind: "group", id: "#room", label: "Room" },
    reply: { to: "#room" },
    mention: { canDetect: true, wasMentioned: /\bbot\b/.test(text) },
    text,
    ...fields,
  });
}
