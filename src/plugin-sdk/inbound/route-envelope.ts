import type { ChannelConfig } from "../../contracts/channel.ts";

/**
 * Route and envelope of a message, made of functions that the caller hands over. Older channels take them from
 * `api.runtime.channel`; newer ones ask `resolveChannelInboundRouteEnvelope`.
 */

interface Route {
  agentId: string;
  sessionKey: string;
}

interface EnvelopeParts<Options> {
  resolveStorePath(store: string | undefined, context: { agentId: string }): string;
  readSessionUpdatedAt(session: { storePath: string; sessionKey: string }): number | undefined;
  resolveEnvelopeFormatOptions(cfg: ChannelConfig): Options;
  formatAgentEnvelope(input: EnvelopeText & { previousTimestamp?: number; envelope: Options }): string;
}

interface EnvelopeText {
  channel: string;
  from: string;
  timestamp?: number | Date;
  body: string;
}

interface Conversation {
  cfg: ChannelConfig;
  channel: string;
  accountId: string;
  peer?: { kind: string; id: string } | null;
  sessionStore?: string;
}

/** A function that puts the header before a text of the routed conversation, and says where its session is kept. */
export function createInboundEnvelopeBuilder<Options>(
  params: EnvelopeParts<Options> & { cfg: ChannelConfig; route: Route; sessionStore?: string },
): (input: EnvelopeText) => { storePath: string; body: string } {
  const { agentId, sessionKey } = params.route;
  const storePath = params.resolveStorePath(params.sessionStore, { agentId });
  const envelope = params.resolveEnvelopeFormatOptions(params.cfg);
  return (input) => {
    const previousTimestamp = params.readSessionUpdatedAt({ storePath, sessionKey });
    const body = params.formatAgentEnvelope({
      ...input,
      ...(previousTimestamp === undefined ? {} : { previousTimestamp }),
      envelope,
    });
    return { storePath, body };
  };
}

export function resolveInboundRouteEnvelopeBuilder<Options, R extends Route>(
  params: EnvelopeParts<Options> &
    Conversation & { resolveAgentRoute(conversation: Omit<Conversation, "sessionStore">): R },
) {
  const { cfg, channel, accountId, peer } = params;
  const route = params.resolveAgentRoute({
    cfg,
    channel,
    accountId,
    ...(peer === undefined ? {} : { peer }),
  });
  return { route, buildEnvelope: createInboundEnvelopeBuilder({ ...params, route }) };
}

/** The same with the functions of `api.runtime.channel`. */
export function resolveInboundRouteEnvelopeBuilderWithRuntime<Options, R extends Route>(
  params: Conversation & {
    runtime: {
      routing: { resolveAgentRoute(conversation: Omit<Conversation, "sessionStore">): R };
      session: Pick<EnvelopeParts<Options>, "resolveStorePath" | "readSessionUpdatedAt">;
      reply: Pick<EnvelopeParts<Options>, "resolveEnvelopeFormatOptions" | "formatAgentEnvelope">;
    };
  },
) {
  const { runtime, ...conversation } = params;
  return resolveInboundRouteEnvelopeBuilder<Options, R>({
    ...conversation,
    resolveAgentRoute: (input) => runtime.routing.resolveAgentRoute(input),
    resolveStorePath: (store, context) => runtime.session.resolveStorePath(store, context),
    readSessionUpdatedAt: (session) => runtime.session.readSessionUpdatedAt(session),
    resolveEnvelopeFormatOptions: (cfg) => runtime.reply.resolveEnvelopeFormatOptions(cfg),
    formatAgentEnvelope: (input) => runtime.reply.formatAgentEnvelope(input),
  });
}
