import { dirname } from "node:path";
import { Command } from "commander";
import { SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { ConfigErrorCode, SluiceConfig } from "../runtime/config/index.ts";
import {
  configNamespace,
  type PluginConfigSource,
  readSource,
  resolveConfig,
} from "../runtime/config/index.ts";
import { configFile } from "./access.ts";
import { type CliEnvironment, CommandContext } from "./context.ts";
import { withSomeGateway } from "./some-gateway.ts";

type Snapshot = ReturnType<PluginConfigSource["current"]>;
type Written = Awaited<ReturnType<PluginConfigSource["mutate"]>>;

/**
 * `api.runtime.config` for commands of plugins (spec 4.1): read from the file, written by the gateway that runs on it,
 * which checks the change and keeps a revision of it as for anybody else. Where none runs, one is started for the
 * write.
 */
export async function commandConfig(
  environment: CliEnvironment,
): Promise<(pluginId: string, logger: Logger) => ReturnType<typeof configNamespace>> {
  let snapshot = await readSnapshot(environment);
  const source: PluginConfigSource = {
    current: () => snapshot,
    async mutate(change, { reason, baseHash }) {
      snapshot = await readSnapshot(environment);
      if (snapshot.error !== undefined) {
        const message = `${snapshot.path} is broken: ${snapshot.error}; repair it first`;
        throw new SluiceError<ConfigErrorCode>("CONFIG_INVALID", message);
      }
      const draft = structuredClone(snapshot.source) as Record<string, unknown>;
      await change(draft);
      const raw = JSON.stringify(draft);
      const written = await write(environment, { raw, baseHash: baseHash ?? snapshot.hash, note: reason });
      snapshot = await readSnapshot(environment);
      return written;
    },
  };
  return (pluginId, logger) => configNamespace(source, pluginId, logger);
}

/** The file as it is now; a broken one counts as empty, as for the commands themselves. */
async function readSnapshot({ env }: CliEnvironment): Promise<Snapshot & { error?: string }> {
  const path = configFile(env);
  const { effective, error, hash } = await readSource(path, []);
  const { config } = await resolveConfig(effective ?? {}, env, dirname(path));
  return {
    path,
    hash,
    source: (effective ?? {}) as SluiceConfig,
    config: config as SluiceConfig,
    ...(effective ? {} : { error: error ?? "it cannot be read" }),
  };
}

async function write(
  environment: CliEnvironment,
  params: { raw: string; baseHash: string; note: string },
): Promise<Written> {
  const context = new CommandContext(environment, new Command());
  return withSomeGateway(
    context,
    { scopes: ["operator.admin"], purpose: "this change of the configuration" },
    async (client) => {
      const answer = await context.progressCall<Partial<Written>>(client, "config.set", params);
      const { hash = params.baseHash, followUp = { kind: "none" }, changedPaths = [] } = answer;
      return { hash, followUp, changedPaths };
    },
  );
}
