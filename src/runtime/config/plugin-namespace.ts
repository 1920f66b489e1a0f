import { isDeepStrictEqual } from "node:util";
import type {
  PluginAfterWrite,
  PluginConfigSnapshot,
  PluginConfigWriteResult,
  PluginRuntimeConfig,
} from "../../contracts/runtime.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isRecord } from "../../kernel/records.ts";
import type { ConfigMutateOptions, ConfigSnapshot, ConfigWriteResult } from "./types.ts";

type Draft = Record<string, unknown>;

interface WriteParams {
  afterWrite: PluginAfterWrite;
  baseHash?: string;
}

/** What `api.runtime.config` reads and writes: the gateway's configuration service, or what stands for it. */
export interface PluginConfigSource {
  current(): Pick<ConfigSnapshot, "path" | "hash" | "source" | "config">;
  mutate(
    change: (draft: Draft) => unknown,
    options: ConfigMutateOptions,
  ): Promise<Omit<ConfigWriteResult, "revision">>;
}

/** `api.runtime.config` (spec 4.1). */
export function configNamespace(
  config: PluginConfigSource,
  pluginId: string,
  logger: Logger,
): PluginRuntimeConfig & {
  loadConfig(): Draft;
  writeConfigFile(config: PluginConfigSnapshot): Promise<PluginConfigWriteResult>;
} {
  const write = async (
    change: (draft: Draft, previousHash: string) => unknown,
    { afterWrite, baseHash }: WriteParams,
  ): Promise<PluginConfigWriteResult> => {
    assertAfterWrite(afterWrite);
    const previousHash = config.current().hash;
    let result: unknown;
    const written = await config.mutate(
      async (draft) => {
        result = await change(draft, previousHash);
      },
      {
        reason: `plugin ${pluginId}`,
        afterWrite,
        ...(baseHash === undefined ? {} : { baseHash }),
      },
    );
    const { path, source } = config.current();
    return {
      path,
      previousHash,
      hash: written.hash,
      persistedHash: written.hash,
      snapshot: source,
      nextConfig: source,
      afterWrite,
      followUp: followUpOf(written, afterWrite),
      ...(result === undefined ? {} : { result }),
    };
  };
  const replace = (next: PluginConfigSnapshot, params: WriteParams) =>
    write((draft) => {
      const copy = structuredClone(next) as Draft;
      for (const key of Object.keys(draft)) delete draft[key];
      Object.assign(draft, copy);
    }, params);
  let warned = false;
  const deprecated = (name: string, instead: string) => {
    if (warned) return;
    warned = true;
    logger.warn(`api.runtime.config.${name} is deprecated; use ${instead}`, {
      pluginId,
      code: "runtime-config-load-write",
    });
  };
  return {
    current: () => config.current().config,
    mutateConfigFile: (params) =>
      write((draft, previousHash) => {
        const mutate = params.mutate as (draft: Draft, context: object) => unknown;
        return mutate(draft, { snapshot: config.current().source, previousHash });
      }, params),
    replaceConfigFile: (params) => replace(params.sourceConfig ?? params.nextConfig ?? {}, params),
    loadConfig() {
      deprecated("loadConfig", "the configuration you were given, or config.current()");
      return structuredClone(config.current().config) as Draft;
    },
    async writeConfigFile(next) {
      deprecated("writeConfigFile", "config.mutateConfigFile");
      const { config: runtime, source } = config.current();
      return replace(asWritten(next, runtime, source) as Draft, { afterWrite: { mode: "auto" } });
    },
  };
}

const MODES = new Set(["auto", "restart", "none"]);

function assertAfterWrite(afterWrite: PluginAfterWrite | undefined): void {
  const mode = afterWrite?.mode ?? "";
  if (!MODES.has(mode)) {
    throw new TypeError('afterWrite is required: { mode: "auto" }, or "restart" or "none" with a reason');
  }
  const reason = (afterWrite as { reason?: unknown }).reason;
  if (mode !== "auto" && (typeof reason !== "string" || reason.trim() === "")) {
    throw new TypeError(`afterWrite { mode: "${mode}" } needs a reason`);
  }
}

function followUpOf(
  { followUp }: Pick<ConfigWriteResult, "followUp">,
  afterWrite: PluginAfterWrite,
): PluginConfigWriteResult["followUp"] {
  if (afterWrite.mode === "none") {
    return { mode: "none", reason: afterWrite.reason, requiresRestart: false };
  }
  if (followUp.kind === "restart") return { mode: "restart", requiresRestart: true, reason: followUp.reason };
  return { mode: "auto", requiresRestart: false };
}

/** Puts back what stands in the file wherever a value is unchanged, so that no resolved secret is written. */
function asWritten(next: unknown, runtime: unknown, source: unknown): unknown {
  if (isDeepStrictEqual(next, runtime)) return source;
  if (!isRecord(next) || !isRecord(runtime) || !isRecord(source)) return next;
  return Object.fromEntries(
    Object.entries(next).map(([key, value]) => [
      key,
      Object.hasOwn(source, key) ? asWritten(value, runtime[key], source[key]) : value,
    ]),
  );
}
