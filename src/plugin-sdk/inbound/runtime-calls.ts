import { requireHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

type Params = Record<string, unknown>;

function inbound(name: string): (params: Params) => unknown {
  const target = readPath(requireHost(`channel.inbound.${name}`).runtime, ["channel", "inbound"]);
  const call = (target as Record<string, unknown> | undefined)?.[name];
  if (typeof call !== "function") throw new Error(`the running gateway has no channel.inbound.${name}`);
  return (params) => call.call(target, params) as unknown;
}

/** `api.runtime.channel.inbound.buildContext` of the running gateway. */
export async function buildChannelInboundEventContext(params: Params): Promise<unknown> {
  return inbound("buildContext")(params);
}

export async function runChannelInboundEvent(params: Params): Promise<unknown> {
  return inbound("run")(params);
}

/** @deprecated {@link dispatchChannelInboundTurn}; the plan of a turn whose context is complete */
export async function dispatchChannelInboundReply(params: Params): Promise<unknown> {
  return inbound("dispatchReply")(params);
}

export async function dispatchChannelInboundTurn(params: Params): Promise<unknown> {
  return inbound("dispatch")(params);
}
