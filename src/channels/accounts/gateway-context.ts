import type {
  ChannelAccountSnapshot,
  ChannelConfig,
  ChannelGatewayContext,
} from "../../contracts/channel.ts";
import type { ChannelRuntime } from "../../contracts/channel-runtime.ts";
import type { Logger } from "../../kernel/logger.ts";

/** What a running account is given (spec 1.12). */
export function gatewayContext(parts: {
  cfg: ChannelConfig;
  accountId: string;
  account: unknown;
  abortSignal: AbortSignal;
  logger: Logger;
  runtime: ChannelRuntime | undefined;
  status(): ChannelAccountSnapshot;
  report(fields: Partial<ChannelAccountSnapshot>): void;
}): ChannelGatewayContext {
  const { cfg, accountId, account, abortSignal, logger, runtime } = parts;
  const log = {
    info: (message: string) => logger.info(String(message)),
    warn: (message: string) => logger.warn(String(message)),
    error: (message: string) => logger.error(String(message)),
    debug: (message: string) => logger.debug(String(message)),
  };
  return {
    cfg,
    accountId,
    account,
    runtime: {
      log: log.info,
      error: log.error,
      exit: (code: number) => {
        throw new Error(`the channel plugin asked to exit with code ${code}`);
      },
    },
    abortSignal,
    log,
    getStatus: () => ({ ...parts.status() }),
    // A late report of an attempt that was stopped must not look like the present one.
    setStatus: (next) => {
      if (!abortSignal.aborted) parts.report(next);
    },
    ...(runtime ? { channelRuntime: runtime } : {}),
  };
}
