import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Scope } from "../../kernel/scope.ts";
import { createPluginApi } from "../api/create-api.ts";
import { createWorkflow, type WorkflowServices } from "../api/workflow.ts";
import { resolvePluginConfig } from "../config/plugin-config.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { diagnosticText } from "../diagnostic-text.ts";
import { policyId } from "../discovery/candidate.ts";
import { MAX_PLUGIN_ID_LENGTH } from "../manifest/limits.ts";
import { RegistrationDraft } from "../registry/draft.ts";
import { kindRow } from "../registry/kinds.ts";
import type { Registrant } from "../registry/row.ts";
import type { KnownPlugin } from "../snapshot.ts";
import type { Leftovers } from "../watchdog/leftovers.ts";
import type { Surroundings } from "../watchdog/surroundings.ts";
import { findDefinition, findSetupDefinition, type LoadedDefinition } from "./definition.ts";
import { type LoopWatch, PluginInstance } from "./instance.ts";
import type { ModuleLoader } from "./load-module.ts";
import type { LoadTrace } from "./load-trace.ts";
import { lockedRuntime } from "./locked-runtime.ts";

/** How long the entry of a plugin may take to import; one that never ends must not keep the others waiting. */
export const IMPORT_LIMIT_MS = 15_000;
/** Longest name, version or description taken from an entry. */
export const MAX_LABEL_LENGTH = 1_024;

/** Why a plugin did not load: the diagnostic's code, and the step it failed in (spec 2.11.1). */
export type FailurePhase = "validation" | "load" | "register";

export class PluginFailure extends SluiceError<DiagnosticCode> {
  readonly phase: FailurePhase;

  constructor(phase: FailurePhase, code: DiagnosticCode, message: string, cause?: unknown) {
    super(code, diagnosticText(message), { cause });
    this.name = "PluginFailure";
    this.phase = phase;
  }
}

/** What `api.runtime` is made for. */
export interface RuntimeOwner {
  readonly pluginId: string;
  readonly pluginName: string;
  readonly origin: Registrant["origin"];
  readonly rootDir: string;
  /** Owns what the runtime acquires for this instance. */
  readonly scope: Scope;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export interface LoadEnvironment {
  readonly clock: Clock;
  readonly loader: ModuleLoader;
  readonly logger: Logger;
  readonly parent: Scope;
  readonly workflow: WorkflowServices;
  readonly watch: LoopWatch;
  readonly trace: LoadTrace;
  /** Looks after a process that belongs to one gateway; see {@link Surroundings}. */
  readonly surroundings?: Surroundings | undefined;
  /** Closes what an instance leaves open; see {@link Leftovers}. */
  readonly leftovers?: Leftovers | undefined;
  config(): Readonly<Record<string, unknown>>;
  runtimeFor(pluginId: string, owner: RuntimeOwner): PluginRuntime;
  /** What a plugin gets that is only looked at; it answers questions and has no effects. */
  runtimeForInspection(): PluginRuntime;
  onLateRegistration(instance: PluginInstance): void;
}

export interface LoadedPlugin {
  readonly known: KnownPlugin;
  readonly definition: LoadedDefinition;
  readonly draft: RegistrationDraft;
  readonly instance: PluginInstance;
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  /** How many times the plugin's code was read in this process. */
  readonly moduleVersion: number;
  readonly mode: PluginRegistrationMode;
  /** It looked at the gateway's configuration while it registered: what it registered may depend on that. */
  readonly readsConfig: boolean;
}

export interface LoadRequest {
  readonly known: KnownPlugin;
  readonly mode: PluginRegistrationMode;
  readonly generation: number;
  readonly moduleVersion: number;
  /** Only to see what it registers: whatever the mode, the plugin reaches no gateway. */
  readonly inspection?: boolean;
}

/**
 * Loads one plugin: validates its settings, imports its entry, calls `register(api)` (spec 2.11). Until it
 * returns nothing of the plugin is visible anywhere; when it fails, everything the plugin acquired is closed.
 *
 * @throws PluginFailure
 */
export async function loadPlugin(environment: LoadEnvironment, request: LoadRequest): Promise<LoadedPlugin> {
  const { known } = request;
  const { candidate } = known;
  const manifest = candidate.manifest;
  const broken = candidate.diagnostics.find(({ level }) => level === "error");
  if (broken) throw new PluginFailure("validation", broken.code, broken.message);
  if (candidate.blocked)
    throw new PluginFailure("validation", candidate.blocked, `blocked: ${candidate.blocked}`);
  if (!manifest || !candidate.entry) {
    throw new PluginFailure("validation", "manifest-missing", `${candidate.rootDir} has no usable manifest`);
  }
  const { trace } = environment;
  const settings = await trace.phase("settings", candidate.id, () =>
    resolvePluginConfig(manifest.configSchema, known.entry.config),
  );
  if (settings.problems.length > 0) {
    const list = settings.problems.join("; ");
    throw new PluginFailure(
      "validation",
      "config-invalid",
      `plugins.entries.${candidate.id}.config: ${list}`,
    );
  }
  // The import already belongs to the instance: timers that a module starts by itself are its own.
  const instance = new PluginInstance(
    candidate.id,
    request.generation,
    environment.parent,
    environment.watch,
    request.inspection,
  );
  const { leftovers } = environment;
  // First in, so that it comes last: whatever the plugin closes itself is closed by then.
  if (leftovers) instance.scope.use({ dispose: () => leftovers.settle(instance) }, "what it left open");
  try {
    const entry = candidate.entry;
    const load = async () => {
      const definition = await trace.phase("import", candidate.id, () =>
        importDefinition(environment, request, instance, entry),
      );
      // Import and register are the plugin's own code: what waits is served between the two.
      await new Promise(setImmediate);
      return trace.phaseSync("register", candidate.id, () =>
        registerDefinition(environment, request, instance, definition, settings.value),
      );
    };
    const { loader, surroundings } = environment;
    return await loader.alone(async () => {
      if (candidate.origin !== "bundled") await loader.prepare();
      return surroundings ? surroundings.around(candidate.id, load) : load();
    });
  } catch (error) {
    instance.fence();
    await instance.scope.dispose().catch(() => {});
    throw asFailure(error, candidate.entry);
  }
}

async function importDefinition(
  environment: LoadEnvironment,
  request: LoadRequest,
  instance: PluginInstance,
  entry: string,
): Promise<LoadedDefinition> {
  const { candidate } = request.known;
  const work = instance.run(() => importEntry(environment, request, entry));
  const module = await withDeadline(work, IMPORT_LIMIT_MS, `importing ${entry}`, environment.clock);
  environment.trace.exports(candidate.id, entry, module);
  const definition = usesSetupEntry(request) ? findSetupDefinition(module) : findDefinition(module);
  if (!definition) {
    throw new PluginFailure("validation", "register-missing", `${entry} exports no register function`);
  }
  const { id } = definition;
  if (id !== undefined && !(typeof id === "string" && sameId(id, candidate.id))) {
    throw new PluginFailure(
      "validation",
      "plugin-id-mismatch",
      `the manifest says "${candidate.id}", the entry exports "${shortened(id)}"; make them equal`,
    );
  }
  return definition;
}

function registerDefinition(
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

/** What an entry says of itself is shown everywhere; only text of a sane length is. */
function label(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.slice(0, MAX_LABEL_LENGTH) : undefined;
}

function shortened(value: unknown): string {
  return String(value).slice(0, MAX_PLUGIN_ID_LENGTH);
}

function asFailure(error: unknown, entry: string): PluginFailure {
  if (error instanceof PluginFailure) return error;
  return new PluginFailure("load", "load-failed", `loading ${entry} failed: ${errorMessage(error)}`, error);
}

function usesSetupEntry({ mode, known }: LoadRequest): boolean {
  return (mode === "setup-only" || mode === "setup-runtime") && known.candidate.setupEntry !== undefined;
}

async function importEntry(
  environment: LoadEnvironment,
  request: LoadRequest,
  entry: string,
): Promise<unknown> {
  const { candidate } = request.known;
  const light = request.mode === "cli-metadata" ? candidate.cliMetadataEntry : undefined;
  const chosen = (usesSetupEntry(request) ? candidate.setupEntry : light) ?? entry;
  try {
    return await environment.loader.load({
      entry: chosen,
      realRoot: candidate.realRoot,
      version: request.moduleVersion,
      bundled: candidate.origin === "bundled",
    });
  } catch (error) {
    const incompatible = isSluiceError(error) && error.code === "PLUGIN_SDK_INCOMPATIBLE";
    throw new PluginFailure(
      "load",
      incompatible ? "sdk-incompatible" : "load-failed",
      errorMessage(error),
      error,
    );
  }
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
  const returned = instance.run(() => definition.register(api));
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

/** A dashboard may only name the plugin's own methods, with the scope its use needs (spec 1.13). */
function checkDashboard({ registrant, items }: RegistrationDraft): void {
  const dashboard = registrant.manifest.dashboard;
  if (!dashboard) return;
  const check = (method: string, scope: string, id: string) => {
    const item = items.find(({ row, keys }) => row.kind === "gatewayMethod" && keys[0] === method);
    const actual = (item?.value as { scope?: string } | undefined)?.scope;
    if (actual === scope) return;
    const problem = item ? `has scope ${actual}, not ${scope}` : "is not registered by this plugin";
    throw new PluginFailure(
      "register",
      "manifest-invalid",
      `dashboard "${id}": the method "${method}" ${problem}`,
    );
  };
  for (const { id, method } of dashboard.dataBindings) check(method, "operator.read", id);
  for (const { id, method } of dashboard.actionVerbs) check(method, "operator.write", id);
}

function asRegisterFailure(error: unknown): PluginFailure {
  return new PluginFailure(
    "register",
    "register-failed",
    `register(api) failed: ${errorMessage(error)}`,
    error,
  );
}

/** A package with several entries has ids like `package/entry`; the entry may export either part. */
function sameId(exported: string, id: string): boolean {
  const wanted = policyId(id);
  const given = policyId(exported);
  return given === wanted || (wanted.includes("/") && wanted.split("/").includes(given));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
