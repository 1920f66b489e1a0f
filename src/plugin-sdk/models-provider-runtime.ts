import type { ChannelConfig } from "../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, readPath } from "./values/records.ts";

/** The models that the configuration names, by provider, for pickers in chats. */
export async function buildPreparedModelsProviderData(
  cfg: ChannelConfig,
  _agentId?: string,
  _options?: object,
) {
  const providers = asRecordOrEmpty(readPath(cfg, ["models", "providers"]));
  const byProvider = new Map<string, Set<string>>();
  const add = (provider: string, model: string) => {
    const models = byProvider.get(provider) ?? new Set<string>();
    byProvider.set(provider, models.add(model));
  };
  for (const [provider, settings] of Object.entries(providers)) {
    const models = asRecordOrEmpty(settings)["models"];
    for (const model of Array.isArray(models) ? models.filter(isRecord) : [])
      add(provider, String(model["id"]));
  }
  const primary = readPath(cfg, ["agents", "defaults", "model"]);
  const stated = isRecord(primary) ? primary["primary"] : primary;
  const [provider = "", ...rest] = String(stated ?? "").split("/");
  if (rest.length > 0) add(provider, rest.join("/"));
  return {
    byProvider,
    providers: [...byProvider.keys()].sort(),
    resolvedDefault: { provider, model: rest.join("/") },
    modelNames: new Map<string, string>(),
  };
}
