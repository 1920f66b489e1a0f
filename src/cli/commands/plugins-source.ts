import type { PluginHost } from "../../plugins/host.ts";
import type { InstallBook } from "../../plugins/install/index.ts";
import type { CommandContext } from "../context.ts";
import { describeError } from "../errors.ts";

/** Asks the running gateway; without one, a host of this process that starts nothing. */
export async function fromGatewayOr<T>(
  context: CommandContext,
  remote: () => Promise<T>,
  local: (host: PluginHost, book: InstallBook) => Promise<T>,
): Promise<T> {
  try {
    return await remote();
  } catch (error) {
    if (context.namesGateway || describeError(error).code !== "GATEWAY_UNREACHABLE") throw error;
    const { withLocalHost } = await import("./plugins-local.ts");
    return withLocalHost(context.environment, local);
  }
}
