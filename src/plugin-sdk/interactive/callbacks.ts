import type { InteractiveOutcome } from "../../contracts/sdk-services.ts";
import { requireServices } from "../ambient/host.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";

export interface ChannelInteractiveCallback {
  /** `<namespace>:<payload>`; the namespace chooses the plugin. */
  data: string;
  /** The platform's id of the press; one is handled once. */
  dedupeId?: string;
  ctx: UnknownRecord;
  /** How the handler answers: `reply`, `acknowledge`, … */
  respond: object;
  onMatched?(): unknown;
  [extra: string]: unknown;
}

/**
 * Brings a channel's pressed buttons to the plugins that registered for them. What belongs to the press
 * itself, with `data`, `namespace` and `payload`, is the handler context's member `interactiveKey`.
 */
export function createChannelInteractiveDispatcher(options: {
  channel: string;
  interactiveKey: string;
}): (callback: ChannelInteractiveCallback) => Promise<InteractiveOutcome> {
  const { channel, interactiveKey } = options;
  return ({ data, dedupeId, ctx, respond, onMatched }) =>
    requireServices("createChannelInteractiveDispatcher").interactive.dispatch({
      channel,
      data,
      ...(dedupeId === undefined ? {} : { dedupeId }),
      ...(onMatched === undefined ? {} : { onMatched }),
      context: ({ namespace, payload }) => {
        const own = ctx[interactiveKey];
        return {
          ...ctx,
          channel,
          respond,
          [interactiveKey]: { ...(isRecord(own) ? own : {}), data, namespace, payload },
        };
      },
    });
}

/** The same with the handler called by the channel, which then builds the context itself. */
export function dispatchPluginInteractiveHandler(params: {
  channel: string;
  data: string;
  dedupeId?: string;
  onMatched?(): unknown;
  invoke(match: {
    registration: { handler(context: UnknownRecord): unknown };
    namespace: string;
    payload: string;
  }): unknown;
}): Promise<InteractiveOutcome> {
  const { channel, data, dedupeId, onMatched, invoke } = params;
  return requireServices("dispatchPluginInteractiveHandler").interactive.dispatch({
    channel,
    data,
    ...(dedupeId === undefined ? {} : { dedupeId }),
    ...(onMatched === undefined ? {} : { onMatched }),
    invoke,
  });
}
