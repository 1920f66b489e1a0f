import type { RpcClient } from "./client/rpc-client.ts";
import type { CommandContext } from "./context.ts";

/** Answer of `config.patch` (spec 5.3). */
export interface ConfigWriteAnswer {
  ok: boolean;
  /** Nothing had to be changed. */
  noop?: boolean;
  path: string;
  changedPaths?: string[];
  restart?: unknown;
}

/** Sets one value through the running gateway, on the base it holds now; `null` removes the key. */
export async function writeConfig(
  context: CommandContext,
  client: RpcClient,
  segments: readonly string[],
  value: unknown,
): Promise<ConfigWriteAnswer> {
  const { hash } = await context.progressCall<{ hash?: string }>(client, "config.get", {});
  return context.progressCall<ConfigWriteAnswer>(client, "config.patch", {
    raw: JSON.stringify(nested(segments, value)),
    ...(hash === undefined ? {} : { baseHash: hash }),
    note: "written by the sluice command",
  });
}

function nested(segments: readonly string[], value: unknown): unknown {
  return segments.reduceRight<unknown>((inner, segment) => ({ [segment]: inner }), value);
}
