import { Ajv } from "ajv";
import schema from "../../../node_modules/@openclaw/gateway-protocol/protocol.schema.json" with {
  type: "json",
};
import type { ModelDefinition } from "../../../src/contracts/model-stream.ts";
import { EventHub, type EventReceiver, Subscriptions } from "../../../src/gateway/events/hub.ts";
import type { Caller } from "../../../src/gateway/rpc/caller.ts";
import { CATALOGUE } from "../../../src/gateway/rpc/catalogue.ts";
import type { GatewayServices } from "../../../src/gateway/services.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { compileSchema } from "../../../src/protocol/validation.ts";
import { SystemEvents } from "../../../src/runtime/agent/index.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { Sessions } from "../../../src/runtime/sessions/index.ts";
import {
  fixedConfig,
  hooksOf,
  openRoom,
  registryOf,
  type Script,
  say,
  scriptedProvider,
} from "../../runtime/agent/support.ts";

export type { ModelDefinition };

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(schema, "protocol");

/** Asserts that a value fits a published definition; answers the reasons when it does not. */
export function problemsWith(definition: string, value: unknown): string[] {
  const validate = ajv.getSchema(`protocol#/definitions/${definition}`);
  if (!validate) throw new Error(`the published protocol has no ${definition}`);
  // What travels is JSON: undefined fields are not there.
  validate(JSON.parse(JSON.stringify(value)));
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

export interface PublishedFrame {
  event: string;
  payload: Record<string, unknown>;
}

/** Methods over a real store and a real agent room, called as the dispatcher calls them. */
export async function openMethods(options: { script?: Script } = {}) {
  const providers = { scripted: scriptedProvider(options.script ?? (() => say("Hello there"))) };
  const room = await openRoom({ providers });
  const config = fixedConfig();
  const registry = registryOf({ provider: providers });
  const clock = systemClock;
  const logger = silentLogger;
  const models = createModels({ registry, config, clock, logger, env: {} });
  const hub = new EventHub({ logger });
  const published: PublishedFrame[] = [];
  hub.onPublished(({ event, payload }) => {
    published.push({ event, payload: payload as Record<string, unknown> });
  });
  const sessions = new Sessions({
    store: room.store,
    agent: room.agent,
    models,
    config,
    hooks: hooksOf(),
    clock,
    logger,
  });
  const receiver: EventReceiver = {
    connId: "conn-1",
    role: "operator",
    scopes: ["operator.admin"],
    capabilities: new Set(["tool-events"]),
    subscriptions: new Subscriptions(),
    deliver() {},
  };
  hub.add(receiver);
  const services = {
    clock,
    logger,
    store: room.store,
    config,
    registry,
    agent: room.agent,
    models,
    sessions,
    hub,
    systemEvents: new SystemEvents(),
    hooks: hooksOf(),
    facts: { version: "test", bootId: "", startedAt: 0, stateDir: room.folder },
  } as unknown as GatewayServices;
  const caller = {
    connId: "conn-1",
    role: "operator",
    scopes: ["operator.admin"],
    client: { id: "cli", mode: "cli", version: "test", platform: "test" },
  } as unknown as Caller;

  /** The final result; `first` collects earlier responses of the same request. */
  async function call(
    name: string,
    params: object = {},
    first: unknown[] = [],
  ): Promise<Record<string, unknown>> {
    const group = CATALOGUE.find((entry) => entry.names.includes(name));
    const method = (await group?.load())?.default.find((candidate) => candidate.name === name);
    if (!method) throw new Error(`no method ${name}`);
    const check = await compileSchema(method.params);
    if (!check.check(params)) throw new Error(`invalid ${name} params: ${check.explain(params)}`);
    const context = {
      method: name,
      requestId: "1",
      caller,
      services,
      respond: (payload: unknown) => void first.push(payload),
    };
    return (await method.handler(context, params as never)) as Record<string, unknown>;
  }
  return { ...room, call, published, services, receiver, sessions };
}
