import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ChannelReplyPayload } from "../../contracts/channel-runtime.ts";
import { isRecord, readPath } from "../values/records.ts";

export interface TypingCallbacks {
  onReplyStart(): Promise<void>;
  onIdle(): void;
  onCleanup(): void;
}

export interface TypingOptions {
  start(): unknown;
  stop?(): unknown;
  onStartError(error: unknown): void;
  onStopError?(error: unknown): void;
  keepaliveIntervalMs?: number;
  maxDurationMs?: number;
}

const KEEPALIVE_MS = 6_000;
const MAX_TYPING_MS = 120_000;

/** Shows the typing signal from the start of an answer to its end, at most two minutes (spec 1.18.12). */
export function createTypingCallbacks(options: TypingOptions): TypingCallbacks {
  let timer: NodeJS.Timeout | undefined;
  let startedAt = 0;
  let ended = false;
  const show = async () => {
    try {
      await options.start();
    } catch (error) {
      options.onStartError(error);
    }
  };
  const end = () => {
    clearInterval(timer);
    timer = undefined;
    if (ended || startedAt === 0) return;
    ended = true;
    void Promise.resolve()
      .then(() => options.stop?.())
      .catch((error: unknown) => (options.onStopError ?? options.onStartError)(error));
  };
  return {
    async onReplyStart() {
      if (timer || ended) return;
      startedAt = Date.now();
      timer = setInterval(() => {
        if (Date.now() - startedAt > (options.maxDurationMs ?? MAX_TYPING_MS)) end();
        else void show();
      }, options.keepaliveIntervalMs ?? KEEPALIVE_MS);
      timer.unref();
      await show();
    },
    onIdle: end,
    onCleanup: end,
  };
}

/** The model and identity that a response prefix can mention. */
export interface ReplyPrefixContext {
  provider?: string;
  model?: string;
  thinkingLevel?: string;
  identityName?: string;
}

function agentOf(cfg: ChannelConfig, agentId: string): Record<string, unknown> {
  const list = readPath(cfg, ["agents", "list"]);
  const agents = Array.isArray(list) ? list.filter(isRecord) : [];
  return agents.find((agent) => agent["id"] === agentId) ?? {};
}

/** The prefix of answers: account, channel, agent, shared; `"auto"` stands for `[name]`. */
export function resolveResponsePrefix(
  cfg: ChannelConfig,
  agentId: string,
  options: { channel?: string | undefined; accountId?: string | undefined } = {},
): string | undefined {
  const { channel, accountId } = options;
  const candidates = [
    channel && accountId
      ? readPath(cfg, ["channels", channel, "accounts", accountId, "responsePrefix"])
      : undefined,
    channel ? readPath(cfg, ["channels", channel, "responsePrefix"]) : undefined,
    readPath(cfg, ["messages", "responsePrefix"]),
  ];
  const prefix = candidates.find((candidate): candidate is string => typeof candidate === "string");
  if (prefix !== "auto") return prefix;
  const name = readPath(agentOf(cfg, agentId), ["identity", "name"]);
  return typeof name === "string" && name.trim() !== "" ? `[${name.trim()}]` : undefined;
}

export function createReplyPrefixContext(params: {
  cfg: ChannelConfig;
  agentId: string;
  channel?: string;
  accountId?: string;
}) {
  const name = readPath(agentOf(params.cfg, params.agentId), ["identity", "name"]);
  const prefixContext: ReplyPrefixContext = typeof name === "string" ? { identityName: name } : {};
  return {
    prefixContext,
    responsePrefix: resolveResponsePrefix(params.cfg, params.agentId, params),
    responsePrefixContextProvider: () => prefixContext,
    onModelSelected(choice: { provider?: string; model?: string; thinkLevel?: string | undefined }) {
      if (choice.provider !== undefined) prefixContext.provider = choice.provider;
      if (choice.model !== undefined) prefixContext.model = choice.model;
      prefixContext.thinkingLevel = choice.thinkLevel ?? "off";
    },
  };
}

export function createReplyPrefixOptions(params: Parameters<typeof createReplyPrefixContext>[0]) {
  const { prefixContext: _context, ...options } = createReplyPrefixContext(params);
  return options;
}

/** Options of the reply dispatcher: the response prefix, the typing signal and a payload transformation. */
export function createChannelReplyPipeline(params: {
  cfg: ChannelConfig;
  agentId: string;
  channel?: string;
  accountId?: string;
  typing?: TypingOptions;
  typingCallbacks?: TypingCallbacks;
  transformReplyPayload?(payload: ChannelReplyPayload): ChannelReplyPayload | null;
}) {
  const typing = params.typing ? createTypingCallbacks(params.typing) : params.typingCallbacks;
  return {
    ...createReplyPrefixOptions(params),
    ...(typing ? { typingCallbacks: typing } : {}),
    ...(params.transformReplyPayload ? { transformReplyPayload: params.transformReplyPayload } : {}),
  };
}
