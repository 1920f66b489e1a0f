import type { ChannelPlugin, MessageToolDiscoveryContext } from "../../contracts/channel.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { asText } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { channelOfTarget, resolveTarget } from "../routing/target.ts";
import type { ChannelOffer } from "./describe.ts";

/** What the model wrote into a call of the tool. */
export type ToolParams = Readonly<Record<string, unknown>>;

/** Explicit channel, else the target's prefix, else the current one, else the only one. */
export function chooseOffer(
  params: ToolParams,
  discovery: MessageToolDiscoveryContext,
  offers: readonly ChannelOffer[],
): ChannelOffer {
  const explicit = asText(params["channel"])?.trim().toLowerCase();
  const byPrefix = channelOfTarget(
    offers.map(({ plugin }) => plugin),
    asText(params["target"]) ?? "",
  )?.id;
  const wanted = explicit ?? byPrefix ?? discovery.currentChannelProvider;
  const found = offers.find(
    ({ plugin }) => plugin.id === wanted || (wanted !== undefined && plugin.meta?.aliases?.includes(wanted)),
  );
  if (found) return found;
  if (explicit === undefined && offers.length === 1) return offers[0] as ChannelOffer;
  const names = offers.map(({ plugin }) => plugin.id).join(", ");
  throw new SluiceError(
    "INVALID_REQUEST",
    explicit ? `there is no channel "${explicit}"; use one of: ${names}` : `say which channel: ${names}`,
  );
}

/** The account that was named, else that of the conversation, else the channel's default. */
export function chooseAccount(
  params: ToolParams,
  discovery: MessageToolDiscoveryContext,
  plugin: ChannelPlugin,
  directory: ChannelDirectory,
): string {
  const explicit = asText(params["accountId"]);
  if (explicit !== undefined) return explicit;
  if (plugin.id === discovery.currentChannelProvider && discovery.accountId) return discovery.accountId;
  return directory.defaultAccountId(plugin, discovery.cfg);
}

/** The target that was named, resolved by its channel, else the conversation itself. */
export async function chooseTarget(
  params: ToolParams,
  discovery: MessageToolDiscoveryContext,
  plugin: ChannelPlugin,
  accountId: string,
): Promise<string> {
  const input = asText(params["target"]);
  if (input !== undefined) return resolveTarget(plugin, { cfg: discovery.cfg, accountId, input });
  if (plugin.id === discovery.currentChannelProvider && discovery.currentChannelId)
    return discovery.currentChannelId;
  throw new SluiceError("INVALID_REQUEST", `target is missing: say to whom on ${plugin.id}`);
}

/** Models write `target`; a channel's own names for it would be taken for another parameter. */
export function assertTargetParameters(
  params: ToolParams,
  action: string,
  kind: "to" | "channelId" | "none",
): void {
  if (kind === "none" && params["target"] !== undefined) {
    throw new SluiceError("INVALID_REQUEST", `Action ${action} does not accept a target.`);
  }
  if (kind !== "none" && (params["to"] !== undefined || params["channelId"] !== undefined)) {
    throw new SluiceError("INVALID_REQUEST", `use target instead of to or channelId for ${action}`);
  }
}
