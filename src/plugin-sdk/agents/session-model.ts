import type { ChannelConfig } from "../../contracts/channel.ts";
import { resolveDefaultModelForAgent } from "./agent-settings.ts";

/** The model a session uses: what it chose, else what its agent is configured to use. */
export function resolveSessionModelRef(
  cfg: ChannelConfig,
  entry?: Readonly<Record<string, unknown>>,
  agentId?: string,
): { provider: string; model: string } {
  const standard = resolveDefaultModelForAgent({ cfg, ...(agentId === undefined ? {} : { agentId }) });
  const chosen = text(entry?.["modelOverride"]);
  if (!chosen) return standard;
  return { provider: text(entry?.["providerOverride"]) ?? standard.provider, model: chosen };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
