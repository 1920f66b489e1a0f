import type { ChannelAccountSnapshot, ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";

/** Reads an account, and why it is not started, if so, as snapshot fields. Throws what the plugin throws. */
export async function readAccount(
  { config }: ChannelPlugin,
  accountId: string,
  cfg: ChannelConfig,
): Promise<{ account: unknown; refusal?: Partial<ChannelAccountSnapshot> }> {
  const account = config.resolveAccount(cfg, accountId);
  const stated = (account as { enabled?: unknown } | null | undefined)?.enabled;
  const enabled = config.isEnabled?.(account, cfg) ?? stated !== false;
  if (!enabled) {
    return {
      account,
      refusal: {
        enabled: false,
        lastError: config.disabledReason?.(account, cfg) ?? "disabled in the configuration",
      },
    };
  }
  const configured = (await config.isConfigured?.(account, cfg)) ?? true;
  if (!configured) {
    return {
      account,
      refusal: {
        enabled: true,
        configured: false,
        lastError: config.unconfiguredReason?.(account, cfg) ?? "not configured",
      },
    };
  }
  return { account };
}
