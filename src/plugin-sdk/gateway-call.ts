import type { OperatorScope } from "../contracts/registrations.ts";

export interface GatewayCallOptions {
  /** Least scopes the method needs. */
  scopes: readonly OperatorScope[];
  /** Default 30,000 ms. */
  timeoutMs?: number;
}

/**
 * Calls a method of the running gateway from a plugin's command-line part, with the address and token the
 * command line itself uses.
 *
 * @throws SluiceError `GATEWAY_UNREACHABLE` when no gateway runs, or the gateway's own error
 */
export async function callGateway<Result = unknown>(
  method: string,
  params: object,
  options: GatewayCallOptions,
): Promise<Result> {
  const [{ resolveAccess }, { RpcClient }, { systemClock }] = await Promise.all([
    import("../cli/access.ts"),
    import("../cli/client/rpc-client.ts"),
    import("../kernel/clock.ts"),
  ]);
  const { url, token } = await resolveAccess({}, process.env);
  const { scopes, timeoutMs } = options;
  const client = await RpcClient.connect({ url, token, scopes, clock: systemClock, version: "plugin" });
  try {
    return await client.call<Result>(method, params, timeoutMs === undefined ? {} : { timeoutMs });
  } finally {
    await client.dispose();
  }
}

/** The state folder the command line works on (`SLUICE_STATE_DIR`, else `~/.sluice`). */
export async function commandLineStateDir(): Promise<string> {
  const { resolveStateDir } = await import("../runtime/state/state-folder.ts");
  return resolveStateDir(process.env);
}
