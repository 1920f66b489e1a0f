import { createIngressResolver, type IngressResolution } from "../../channels/runtime/ingress-resolver.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { currentHost } from "../ambient/host.ts";
import { asRecordOrEmpty, readPath, type UnknownRecord } from "../values/records.ts";
import { defineStableChannelIngressIdentity, type IngressIdentity, type StableIdentity } from "./identity.ts";

interface ResolverBase {
  channelId: string;
  accountId?: string | null;
  identity?: IngressIdentity | StableIdentity;
  cfg?: ChannelConfig;
  readStoreAllowFrom?(params: object): Promise<(string | number)[]> | (string | number)[];
  useDefaultPairingStore?: boolean;
  [extra: string]: unknown;
}

type Decide = (params: UnknownRecord) => Promise<IngressResolution>;

/** The host's decision about who may reach the agent (spec 1.18.8), bound to one account. */
export function createChannelIngressResolver(base: ResolverBase): {
  message: Decide;
  command: Decide;
  event: Decide;
} {
  const decide =
    (kind: "message" | "command" | "event"): Decide =>
    (params) =>
      (engine(base.cfg ?? {})["createResolver"] as (setup: object) => Record<typeof kind, Decide>)(
        setupOf(base, params),
      )[kind](params);
  return { message: decide("message"), command: decide("command"), event: decide("event") };
}

/** One message of a channel whose senders have a stable id. */
export function resolveStableChannelMessageIngress(params: ResolverBase): Promise<IngressResolution> {
  return createChannelIngressResolver(params).message(params);
}

/** The engine of the channels room. The sender store comes with the setup, so that it needs no database here. */
function engine(cfg: ChannelConfig): Record<string, unknown> {
  return createIngressResolver({ config: () => cfg } as Parameters<typeof createIngressResolver>[0]);
}

/** Policy of the single call over what was stated once. */
function setupOf(base: ResolverBase, params: UnknownRecord): object {
  const policy = asRecordOrEmpty(params["policy"]);
  const identity = base.identity ?? {};
  const stated = (key: string) => policy[key] ?? base[key];
  const overrides = {
    mutableIdentifierMatching: stated("mutableIdentifierMatching"),
    minIdentifierAuthentication: stated("minIdentifierAuthentication"),
    groupAllowFromFallbackToAllowFrom: stated("groupAllowFromFallbackToAllowFrom"),
  };
  return {
    ...base,
    ...Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)),
    identity: "primary" in identity ? identity : defineStableChannelIngressIdentity(identity),
    readStoreAllowFrom: base.readStoreAllowFrom ?? (() => readPairedSenders(base)),
  };
}

async function readPairedSenders(base: ResolverBase): Promise<(string | number)[]> {
  if (base.useDefaultPairingStore === false) return [];
  const read = readPath(currentHost()?.runtime, ["channel", "pairing", "readAllowFromStore"]);
  if (typeof read !== "function") return [];
  return (await read({ channel: base.channelId, accountId: base.accountId })) as string[];
}

/** Which indirect ways of addressing the agent count, for an account. */
export function resolveChannelImplicitMentions(params: {
  cfg: ChannelConfig;
  channel: string;
  accountId?: string | null;
}) {
  const section = asRecordOrEmpty(readPath(params.cfg, ["channels", params.channel]));
  const account = params.accountId ? readPath(section, ["accounts", params.accountId]) : undefined;
  const layers = [
    readPath(params.cfg, ["channels", "defaults", "implicitMentions"]),
    section["implicitMentions"],
    asRecordOrEmpty(account)["implicitMentions"],
  ].map(asRecordOrEmpty);
  const flag = (key: string) =>
    layers.reduce<boolean>(
      (value, layer) => (typeof layer[key] === "boolean" ? (layer[key] as boolean) : value),
      true,
    );
  return {
    replyToBot: flag("replyToBot"),
    quotedBot: flag("quotedBot"),
    threadParticipation: flag("threadParticipation"),
  };
}
