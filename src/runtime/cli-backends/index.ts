import type { CliBackend } from "../../contracts/capabilities.ts";
import type { AssistantMessage } from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import type {
  AssistantMessageEvent,
  AssistantMessageEventStream,
  ModelDefinition,
  StreamFn,
} from "../../contracts/model-stream.ts";
import type { ProviderPlugin } from "../../contracts/provider.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { resolveCliBackend } from "../../plugins/cli-backends.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import { agentSettings, agentWorkspaceDir, defaultAgentId } from "../agent/settings.ts";
import type { ConfigService } from "../config/types.ts";
import { CliSessionBook } from "./session-book.ts";

/** The `api` of models that a command line answers for. */
export const CLI_API = "cli";

const THINKING_LEVELS = ["off", "minimal", "low", "medium", "high", "xhigh", "max"];

export interface CliBackendRooms {
  readonly registry: RegistryReader;
  readonly config: ConfigService;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where workspaces are, unless they are configured; without it no command line is run. */
  readonly stateDir?: string;
}

/** Whether a command line answers for a model: it has its own tools and sees none of the gateway's. */
export function isCliModel({ api }: Pick<ModelDefinition, "api">): boolean {
  return api === CLI_API;
}

/** Makes a model provider of every CLI backend; its id is the prefix of its models (spec 3.17). */
export class CliBackends {
  readonly #rooms: CliBackendRooms;
  readonly #owners = new WeakMap<CliBackend, ProviderPlugin>();
  readonly #sessions = new CliSessionBook();
  /** The end of the last run of a backend that runs one at a time. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(rooms: CliBackendRooms) {
    this.#rooms = rooms;
  }

  ownerOf(provider: string): ProviderPlugin | undefined {
    const entry = this.#rooms.registry.current().get<CliBackend>("cliBackend", provider);
    if (!entry) return undefined;
    const known = this.#owners.get(entry.value) ?? this.#ownerFor(entry.value);
    this.#owners.set(entry.value, known);
    return known;
  }

  #ownerFor(backend: CliBackend): ProviderPlugin {
    return {
      id: backend.id,
      label: typeof backend["label" as never] === "string" ? backend["label" as never] : backend.id,
      auth: [],
      resolveDynamicModel: ({ modelId }) => ({ id: modelId, api: CLI_API, reasoning: true }),
      resolveThinkingProfile: () => ({ levels: THINKING_LEVELS.map((id) => ({ id })), defaultLevel: "off" }),
      transformSystemPrompt: (context) => backend.transformSystemPrompt?.(context as never),
      createStreamFn: () => this.#streamOf(backend.id),
    };
  }

  #streamOf(backendId: string): StreamFn {
    return (model, context, options = {}) => {
      const { registry, config: configs, clock, env, stateDir = "" } = this.#rooms;
      const hostConfig = configs.current().config;
      const agentId = options.agentId ?? defaultAgentId(hostConfig);
      return streamOf(model, clock, async (onDelta) => {
        const { runCliBackend } = await import("./run.ts");
        const { backend, config } = resolveCliBackend(registry.current(), backendId, hostConfig, agentId);
        const run = () =>
          runCliBackend({
            backend,
            config,
            hostConfig,
            modelId: model.id,
            context,
            conversation: options.sessionId,
            thinkingLevel: options.reasoning ?? "off",
            workspaceDir: agentWorkspaceDir(hostConfig, stateDir, agentId),
            turnTimeoutMs: agentSettings(hostConfig, agentId).timeoutMs,
            env,
            signal: options.signal,
            clock,
            sessions: this.#sessions,
            onDelta,
          });
        return config.serialize === true ? this.#inTurn(backendId, run) : run();
      });
    };
  }

  #inTurn<T>(backendId: string, run: () => Promise<T>): Promise<T> {
    const next = (this.#queues.get(backendId) ?? Promise.resolve()).then(run, run);
    this.#queues.set(backendId, next);
    return next;
  }
}

type Delta = { kind: "text" | "thinking"; delta: string };

/** A run as a stream of the protocol; what it throws is the stream's one error. */
function streamOf(
  model: ModelDefinition,
  clock: Clock,
  run: (
    onDelta: (kind: Delta["kind"], delta: string) => void,
  ) => Promise<{ text: string; usage: AssistantMessage["usage"] }>,
): AssistantMessageEventStream {
  const waiting: Delta[] = [];
  let wake = () => {};
  const message: AssistantMessage = {
    role: "assistant",
    content: [],
    api: model.api,
    provider: model.provider,
    model: model.id,
    usage: emptyUsage(),
    stopReason: "stop",
    timestamp: clock.now(),
  };
  let ended = false;
  const result = run((kind, delta) => {
    waiting.push({ kind, delta });
    wake();
  })
    .then(
      ({ text, usage }) => Object.assign(message, { content: [{ type: "text", text }], usage }),
      (error: unknown) => Object.assign(message, { stopReason: "error", errorMessage: errorMessage(error) }),
    )
    .finally(() => {
      ended = true;
      wake();
    });
  async function* events(): AsyncGenerator<AssistantMessageEvent> {
    yield { type: "start" };
    while (!ended || waiting.length > 0) {
      const next = waiting.shift();
      if (next) {
        const text = next.kind === "text";
        yield { type: text ? "text_delta" : "thinking_delta", contentIndex: text ? 1 : 0, delta: next.delta };
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
    if (message.stopReason === "error") yield { type: "error", reason: "error", error: message };
    else yield { type: "done", reason: "stop", message };
  }
  const iterable = events();
  return { [Symbol.asyncIterator]: () => iterable, result: () => result };
}
