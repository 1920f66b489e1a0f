import type { CliBackend, CliBackendConfig } from "../contracts/capabilities.ts";
import { SluiceError } from "../kernel/errors.ts";
import { isForbiddenKey } from "../kernel/safe-json.ts";
import { valueAt } from "./config/config-path.ts";
import { isPlain } from "./manifest/fields.ts";
import type { RegistryGeneration } from "./types.ts";

export type CliBackendErrorCode = "CLI_BACKEND_UNKNOWN" | "CLI_BACKEND_TOOLS_NOT_DISABLED";

export interface CliExecutionContext {
  readonly modelId: string;
  readonly thinkingLevel?: string;
  /** `side-question`: an ephemeral question beside the session, without tools. Default `agent`. */
  readonly executionMode?: "agent" | "side-question";
  readonly baseArgs: readonly string[];
  readonly useResume?: boolean;
  readonly workspaceDir?: string;
  readonly agentId?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/**
 * The settings a CLI backend runs with (spec 3.17): the plugin's defaults, below the user's
 * `agents.defaults.cliBackends.<id>` (objects merge deeply, lists replace), then through `normalizeConfig`.
 *
 * @throws SluiceError `CLI_BACKEND_UNKNOWN`
 */
export function resolveCliBackend(
  generation: RegistryGeneration,
  id: string,
  config: Readonly<Record<string, unknown>>,
  agentId?: string,
): { readonly backend: CliBackend; readonly config: CliBackendConfig } {
  const backend = generation.get<CliBackend>("cliBackend", id.toLowerCase())?.value;
  if (!backend) {
    throw new SluiceError<CliBackendErrorCode>(
      "CLI_BACKEND_UNKNOWN",
      `no plugin offers the CLI backend "${id}"; enable the plugin that owns it`,
    );
  }
  const own = valueAt(config, "agents.defaults.cliBackends");
  const wished = isPlain(own) ? (own[backend.id] ?? own[id]) : undefined;
  const merged = mergeDeep(backend.config, wished) as CliBackendConfig;
  const context = { config, backendId: backend.id, ...(agentId === undefined ? {} : { agentId }) };
  const normalized = backend.normalizeConfig?.(merged as never, context as never);
  return { backend, config: isPlain(normalized) ? (normalized as CliBackendConfig) : merged };
}

/**
 * The command line of one run: the backend may rewrite the base arguments, for example to map the thinking
 * level or to isolate a side question.
 *
 * @throws SluiceError `CLI_BACKEND_TOOLS_NOT_DISABLED` when a question without tools cannot be kept from them
 */
export function resolveCliArguments(backend: CliBackend, context: CliExecutionContext): readonly string[] {
  const executionMode = context.executionMode ?? "agent";
  const alwaysOn = backend.nativeToolMode === "always-on";
  if (executionMode === "side-question" && alwaysOn && backend.sideQuestionToolMode !== "disabled") {
    throw new SluiceError<CliBackendErrorCode>(
      "CLI_BACKEND_TOOLS_NOT_DISABLED",
      `the CLI backend "${backend.id}" cannot answer without its tools; ask in the session instead`,
    );
  }
  const resolved = backend.resolveExecutionArgs?.({
    ...context,
    executionMode,
    provider: backend.id,
  } as never);
  return resolved ?? context.baseArgs;
}

function mergeDeep(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlain(base) || !isPlain(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (!isForbiddenKey(key)) merged[key] = mergeDeep(merged[key], value);
  }
  return merged;
}
