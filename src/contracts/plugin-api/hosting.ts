import type {
  DecisionProvider,
  MigrationProvider,
  ReloadRegistration,
  SessionCatalog,
  WorkerProvider,
} from "../capabilities.ts";

/** What the host asks a plugin for to run, watch and extend itself (spec 3.3.10, 3.24). */
export interface HostingApi {
  /** Imports settings and data of another program. Accepted and shown; not used yet. */
  registerMigrationProvider<Value extends MigrationProvider>(provider: Value): void;
  /** Provides machines for agent work. Accepted and shown; not used yet. */
  registerWorkerProvider<Value extends WorkerProvider>(provider: Value): void;
  /** Evaluates batches of decisions. Accepted and shown; not used yet. */
  registerDecisionProvider<Value extends DecisionProvider>(provider: Value): void;
  /** Lists and reads sessions that another program keeps. Accepted and shown; not used yet. */
  registerSessionCatalog<Value extends SessionCatalog>(catalog: Value): void;
  /** Says which configuration paths restart the gateway, reload this plugin, or need nothing. */
  registerReload(registration: ReloadRegistration): void;
  /** Migrates older settings. Accepted and shown; not used yet. */
  registerConfigMigration(migrate: (config: never) => unknown): void;
  /** Names reasons to enable the plugin by itself. Accepted and shown; not used yet. */
  registerAutoEnableProbe(probe: (context: never) => string | string[] | null | undefined): void;
  /** Adds findings to the security audit. Accepted and shown; not used yet. */
  registerSecurityAuditCollector(collector: (context: never) => unknown): void;
  /** Runs detached tasks. Accepted and shown; not used yet. */
  registerDetachedTaskRuntime(runtime: object): void;
  /** Presents widgets on the control page. Accepted and shown; not used yet. */
  registerWidgetPresenter(presenter: object): void;
  /** A kind of content for board widgets. Accepted and shown; not used yet. */
  registerBoardWidgetContentKind(kind: object): void;
  /** Resolves how an MCP server of the manifest is reached. Accepted and shown; not used yet. */
  registerMcpServerConnectionResolver(resolver: {
    serverName: string;
    resolve(...args: never[]): unknown;
  }): void;
}
