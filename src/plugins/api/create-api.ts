import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { PluginApi } from "../../contracts/plugin-api.ts";
import type { PluginLogger } from "../../contracts/registrations.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import { type Disposable, disposable } from "../../kernel/disposable.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { RegistrationDraft } from "../registry/draft.ts";
import { KINDS } from "../registry/kinds.ts";
import { isActive, type KindRow } from "../registry/row.ts";
import type { PluginWorkflow } from "./workflow.ts";

/**
 * Methods older hosts had. They are not there, so that a plugin which asks before it calls goes on without;
 * calling one fails the plugin with the way out.
 */
const REMOVED: Readonly<Record<string, string>> = {
  registerHttpHandler: "registerHttpHandler was removed; use registerHttpRoute({ path, auth, handler })",
  registerEmbeddedExtensionFactory:
    "registerEmbeddedExtensionFactory was removed; use registerAgentToolResultMiddleware",
};

export interface ApiParts {
  readonly draft: RegistrationDraft;
  readonly logger: Logger;
  readonly version?: string;
  readonly description?: string;
  readonly runtimeSource?: string;
  /** The current configuration, asked at every read. */
  config(): Readonly<Record<string, unknown>>;
  pluginConfig(): Readonly<Record<string, unknown>> | undefined;
  runtime(): PluginRuntime;
  readonly workflow: PluginWorkflow;
  /** Called when a registration arrives after `register()` returned. */
  onLateRegistration(): void;
}

/**
 * Builds the object handed to `register(api)` (spec 3). Its `register*` methods are the rows of the kinds
 * table; those that are not active in this mode do nothing, and all of them do nothing once the instance retired.
 */
export function createPluginApi(parts: ApiParts): PluginApi {
  const { draft, workflow } = parts;
  const { registrant, instance } = draft;
  instance.registerLater = (method, args) => registerLater(parts, method, args);
  const registrars = createRegistrars(parts);
  const scheduler = registrars["registerSessionSchedulerJob"] as (job: unknown) => unknown;

  const sessionWorkflow = {
    enqueueNextTurnInjection: workflow.enqueueNextTurnInjection,
    registerSessionSchedulerJob: (job: { id: string; sessionKey: string; kind: string }) => {
      const taken = new Set(
        draft.items.flatMap(({ row, keys }) => (row.kind === "sessionSchedulerJob" ? keys : [])),
      );
      if (!scheduler(job) || taken.has(job.id.trim())) return undefined;
      return { id: job.id.trim(), pluginId: registrant.id, sessionKey: job.sessionKey, kind: job.kind };
    },
    sendSessionAttachment: workflow.sendSessionAttachment,
    scheduleSessionTurn: workflow.scheduleSessionTurn,
    unscheduleSessionTurnsByTag: workflow.unscheduleSessionTurnsByTag,
  };
  const nothing = (name: string) => {
    const register = registrars[name] as (...args: unknown[]) => unknown;
    return (...args: unknown[]) => void register(...args);
  };
  const sessionState = { registerSessionExtension: nothing("registerSessionExtension") };
  const sessionControls = {
    registerSessionAction: nothing("registerSessionAction"),
    registerControlUiDescriptor: nothing("registerControlUiDescriptor"),
  };
  const agentEvents = {
    registerAgentEventSubscription: nothing("registerAgentEventSubscription"),
    emitAgentEvent: workflow.emitAgentEvent,
  };
  const runContext = {
    setRunContext: workflow.setRunContext,
    getRunContext: workflow.getRunContext,
    clearRunContext: workflow.clearRunContext,
  };
  const registerRuntimeLifecycle = nothing("registerRuntimeLifecycle");
  const api: Record<string, unknown> = {
    id: registrant.id,
    name: registrant.name,
    ...(parts.version ? { version: parts.version } : {}),
    ...(parts.description ? { description: parts.description } : {}),
    source: registrant.source,
    ...(parts.runtimeSource ? { runtimeSource: parts.runtimeSource } : {}),
    rootDir: registrant.rootDir,
    registrationMode: registrant.mode,
    get config() {
      return parts.config();
    },
    get pluginConfig() {
      return parts.pluginConfig();
    },
    get runtime() {
      return parts.runtime();
    },
    logger: pluginLogger(parts.logger),
    resolvePath: (input: string) => resolvePluginPath(registrant.rootDir, input),
    session: { state: sessionState, workflow: sessionWorkflow, controls: sessionControls },
    agent: { events: agentEvents },
    runContext,
    lifecycle: {
      registerRuntimeLifecycle,
      signal: instance.signal,
      onDispose: (release: () => void | Promise<void>) => {
        const handle = instance.closeWith(release, "lifecycle.onDispose");
        return () => void handle.dispose();
      },
    },
  };
  for (const row of KINDS) api[row.method] = nothing(row.method);
  const groups = {
    "session.state": sessionState,
    "session.workflow": sessionWorkflow,
    "session.controls": sessionControls,
    "agent.events": agentEvents,
    runContext,
    lifecycle: { registerRuntimeLifecycle },
  };
  for (const [group, methods] of Object.entries(groups)) {
    for (const [name, method] of Object.entries(methods)) api[name] = flatName(draft, group, name, method);
  }
  return api as unknown as PluginApi;
}

/** An older flat name: does the same as the grouped one, and the plugin's report says that it is used (spec 3.25). */
function flatName(
  draft: RegistrationDraft,
  group: string,
  name: string,
  method: (...args: never[]) => unknown,
): (...args: never[]) => unknown {
  const message = `api.${name} is an older name of api.${group}.${name}; it works the same`;
  return (...args) => {
    draft.note({ level: "info", code: "compat-flat-alias", message });
    return method(...args);
  };
}

/** The way out for a plugin that called a method older hosts had. */
export function removedMethodHint(error: unknown): string | undefined {
  if (!(error instanceof TypeError)) return undefined;
  const name = Object.keys(REMOVED).find((method) =>
    new RegExp(`\\b${method} is not a function`).test(error.message),
  );
  return name === undefined ? undefined : REMOVED[name];
}

function createRegistrars(parts: ApiParts): Record<string, (...args: unknown[]) => boolean> {
  const registrars: Record<string, (...args: unknown[]) => boolean> = {};
  for (const row of KINDS) registrars[row.method] = (...args) => register(parts, row, args);
  return registrars;
}

/** A registration that can be taken back, or why there is none. */
function registerLater(
  { draft, onLateRegistration }: ApiParts,
  method: string,
  args: readonly unknown[],
): Disposable | string {
  const { instance, registrant } = draft;
  const row = KINDS.find((one) => one.method === method);
  if (!row || instance.retired || !isActive(row, registrant.mode)) {
    return `plugin "${registrant.id}" does not run, or not any more`;
  }
  const known = draft.diagnostics.length;
  const item = draft.add(row, args);
  if (!item) return draft.diagnostics[known]?.message ?? "it was refused before, for the same reason";
  onLateRegistration();
  return disposable(() => {
    if (draft.remove(item) && !instance.retired) onLateRegistration();
  });
}

function register({ draft, onLateRegistration }: ApiParts, row: KindRow, args: readonly unknown[]): boolean {
  if (draft.instance.retired || !isActive(row, draft.registrant.mode)) return false;
  const item = draft.add(row, args);
  if (!item) return false;
  onLateRegistration();
  return true;
}

function pluginLogger(logger: Logger): PluginLogger {
  const write = (level: "debug" | "info" | "warn" | "error") => (message: unknown, meta?: object) =>
    logger[level](typeof message === "string" ? message : String(message), meta);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** `~` and absolute paths as a user writes them, everything else relative to the plugin (spec 3.1). */
export function resolvePluginPath(rootDir: string, input: string): string {
  // Plugins in JavaScript hand over a setting that nobody made.
  const trimmed = typeof input === "string" ? input.trim() : "";
  if (trimmed === "" || trimmed === "~") return homedir();
  if (trimmed.startsWith("~/")) return join(homedir(), trimmed.slice(2));
  return isAbsolute(trimmed) ? resolve(trimmed) : resolve(rootDir, trimmed);
}
