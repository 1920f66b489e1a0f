import { agentIds, agentModelRef, agentSettings, defaultAgentId, mainKey } from "../runtime/agent/index.ts";
import type { SluiceConfig } from "../runtime/config/index.ts";

/** The configured agents as health and listings name them. */
export function agentFacts(config: SluiceConfig): { agentId: string; isDefault: boolean; name?: string }[] {
  const main = defaultAgentId(config);
  return agentIds(config).map((agentId) => {
    const { name } = agentSettings(config, agentId);
    return { agentId, isDefault: agentId === main, ...(name === undefined ? {} : { name }) };
  });
}

/** Which session a client without a choice of its own talks to (`hello-ok`, spec 2.9). */
export function sessionDefaults(config: SluiceConfig, hasProviders: boolean) {
  const agentId = defaultAgentId(config);
  const key = mainKey(config);
  return {
    defaultAgentId: agentId,
    modelConfigured: agentModelRef(config) !== undefined || hasProviders,
    ownership: "sole",
    selectionRequired: false,
    mainKey: key,
    mainSessionKey: `agent:${agentId}:${key}`,
    scope: "per-sender",
  };
}
