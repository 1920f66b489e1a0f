import type { PluginRuntime } from "../../contracts/runtime.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { createPluginApi, removedMethodHint } from "../api/create-api.ts";
import { createWorkflow } from "../api/workflow.ts";
import { RegistrationDraft } from "../registry/draft.ts";
import { kindRow } from "../registry/kinds.ts";
import type { Registrant } from "../registry/row.ts";
import { checkDashboard } from "./check-dashboard.ts";
import type { LoadedDefinition } from "./definition.ts";
import type { PluginInstance } from "./instance.ts";
import type { LoadEnvironment } from "./load-environment.ts";
import { unbuiltHint } from "./load-error.ts";
import type { LoadedPlugin, LoadRequest } from "./loaded-plugin.ts";
import { lockedRuntime } from "./locked-runtime.ts";
import { PluginFailure } from "./plugin-failure.ts";

/** Longest name, version or description taken from an entry. */
export const MAX_LABEL_LENGTH = 1_024;

/** Calls `register(api)` into a draft. What it registers is visible nowhere yet. @throws PluginFailure */
export function registerDefinition(
  environment: LoadEnvironment,
  request: LoadRequest,
  instance: PluginInstance,
  definition: LoadedDefinition,
  pluginConfig: Registrant["pluginConfig"],
): LoadedPlugin {
  const { known, mode } = request;
  const { candidate } = known;
  const { manifest } = candidate;
  if (!manifest || !candidate.entry) throw new TypeError("checked before the import");
  const name = label(definition.name) ?? manifest.name ?? candidate.id;
  const registrant: Omit<Registrant, "report"> = {
    id: candidate.id,
    name,
    origin: candidate.origin,
    source: candidate.entry,
    rootDir: candidate.rootDir,
    manifest,
    kinds: definition.kinds ?? manifest.kinds,
    explicitlyEnabled: known.decision.explicitlyEnabled,
    mode,
    get config() {
      return environment.config();
    },
    pluginConfig,
    hookPolicy: known.entry.hooks,
    memorySlotSelected: known.memorySelected,
  };
  const draft = new RegistrationDraft(registrant, instance);
  if (definition.kinds && definition.kinds.join() !== manifest.kinds.join()) {
    draft.note({
      level: "warn",
      code: "kind-mismatch",
      message: "the entry's kind differs from the manifest's; it wins",
    });
  }
  const version = label(definition.version) ?? manifest.version ?? candidate.packageMetadata?.packageVersion;
  const description = label(definition.description) ?? manifest.description;
  let readsConfig: boolean;
  try {
    readsConfig = register(environment, request, definition, draft, { version, description });
  } catch (error) {
    throw error instanceof PluginFailure ? error : asRegisterFailure(error);
  }
  return {
    known,
    definition,
    draft,
    instance,
    name,
    moduleVersion: request.moduleVersion,
    mode,
    readsConfig,
    ...(version ? { version } : {}),
    ...(description ? { description } : {}),
  };
}

/** @returns whether the plugin read the configuration meanwhile */
function register(
  environment: LoadEnvironment,
  { mode, inspection = false }: LoadRequest,
  definition: LoadedDefinition,
  draft: RegistrationDraft,
  facts: { version: string | undefined; description: string | undefined },
): boolean {
  const { registrant, instance } = draft;
  const logger = environment.logger.child(`plugin/${registrant.id}`);
  let runtime: PluginRuntime | undefined;
  let registering = true;
  let readsConfig = false;
  const runtimeOf = (): PluginRuntime => {
    if (mode === "cli-metadata" || mode === "setup-only") return lockedRuntime(mode);
    if (inspection) return environment.runtimeForInspection();
    return environment.runtimeFor(registrant.id, {
      pluginId: registrant.id,
      pluginName: registrant.name,
      origin: registrant.origin,
      rootDir: registrant.rootDir,
      scope: instance.scope,
      programs: instance.programs,
      signal: instance.signal,
      logger,
    });
  };
  const api = createPluginApi({
    draft,
    logger,
    ...(facts.version ? { version: facts.version } : {}),
    ...(facts.description ? { description: facts.description } : {}),
    runtimeSource: registrant.source,
    config: () => {
      readsConfig ||= registering;
      return environment.config();
    },
    pluginConfig: () => registrant.pluginConfig,
    runtime: () => {
      runtime ??= runtimeOf();
      return runtime;
    },
    workflow: createWorkflow(draft, inspection ? {} : environment.workflow),
    onLateRegistration: () => {
      if (!registering) environment.onLateRegistration(instance);
    },
  });
  const registration = () => definition.register(api);
  const returned =
    registrant.origin === "bundled" ? instance.runNow(registration) : instance.run(registration);
  if (isPromise(returned)) {
    returned.then(undefined, () => {});
    throw new PluginFailure(
      "register",
      "register-async",
      "register(api) returned a promise; register everything synchronously and start work in a service",
    );
  }
  if (mode !== "cli-metadata") {
    for (const command of definition.nodeHostCommands ?? []) draft.add(kindRow("nodeHostCommand"), [command]);
  }
  if (mode === "full") {
    if (definition.reload) draft.add(kindRow("reload"), [definition.reload]);
    for (const collect of definition.securityAuditCollectors ?? []) {
      draft.add(kindRow("securityAuditCollector"), [collect]);
    }
    checkDashboard(draft);
  }
  registering = false;
  return readsConfig;
}

function asRegisterFailure(error: unknown): PluginFailure {
  return new PluginFailure(
    "register",
    "register-failed",
    `register(api) failed: ${removedMethodHint(error) ?? unbuiltHint(error) ?? errorMessage(error)}`,
    error,
  );
}

/** What an entry says of itself is shown everywhere; only text of a sane length is. */
function label(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.slice(0, MAX_LABEL_LENGTH) : undefined;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
