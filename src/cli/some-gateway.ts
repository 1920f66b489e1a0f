import type { RpcClient } from "./client/rpc-client.ts";
import type { CommandContext } from "./context.ts";
import { describeError } from "./errors.ts";
import { startLocalGateway } from "./local-gateway.ts";

export interface SomeGatewayOptions {
  readonly scopes: readonly string[];
  /** What a gateway is started for, when none answers: "this message". */
  readonly purpose: string;
  /** Does not look for a running one. Default false. */
  readonly local?: boolean;
}

/** Uses the running gateway; starts one in this process when none answers. */
export async function withSomeGateway<T>(
  context: CommandContext,
  { scopes, purpose, local = false }: SomeGatewayOptions,
  work: (client: RpcClient) => Promise<T>,
): Promise<T> {
  if (!local) {
    try {
      return await context.withGateway(scopes, work);
    } catch (error) {
      if (describeError(error).code !== "GATEWAY_UNREACHABLE") throw error;
    }
  }
  context.output.note(`no gateway is running; starting one for ${purpose}`);
  const gateway = await context.output.progress("starting", startLocalGateway(context.environment.env));
  try {
    const { url, token } = gateway;
    return await context.withGatewayAt({ url, token, scopes }, work);
  } finally {
    await gateway.dispose();
  }
}
