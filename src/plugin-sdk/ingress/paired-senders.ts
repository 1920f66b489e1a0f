import { currentHost } from "../ambient/host.ts";
import { readPath } from "../values/records.ts";

/** Senders approved by pairing, where the account's policy counts them (spec 1.6): under `pairing` only. */
export async function readChannelIngressStoreAllowFromForDmPolicy(params: {
  provider: string;
  accountId?: string | null;
  dmPolicy?: string | null;
}): Promise<string[]> {
  if ((params.dmPolicy ?? "pairing") !== "pairing") return [];
  const read = readPath(currentHost()?.runtime, ["channel", "pairing", "readAllowFromStore"]);
  if (typeof read !== "function") return [];
  return (await read({ channel: params.provider, accountId: params.accountId })) as string[];
}
