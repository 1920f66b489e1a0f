import { isRecord } from "../../../kernel/records.ts";
import { isRefused, readIdentified, stringList } from "../checks.ts";
import { type KindRow, malformed, refuse } from "../row.ts";

/** Providers of work outside conversations, and what plugins tell the host about itself (spec 3.3.10, 3.24). */
export const hostingKinds: readonly KindRow[] = [
  {
    kind: "migrationProvider",
    method: "registerMigrationProvider",
    summary: "Imports settings and data from another program",
    spec: "3.3.10",
    features: ["F262"],
    scope: "global",
    again: "error",
    capability: "migration-provider",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, { noun: "migration provider", present: ["label"], functions: ["plan", "apply"] }),
  },
  {
    kind: "workerProvider",
    method: "registerWorkerProvider",
    summary: "Provides machines for agent work",
    spec: "3.3.10",
    features: ["F263"],
    scope: "global",
    again: "error",
    capability: "worker-provider",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, {
        noun: "worker provider",
        functions: ["resolveAllocation", "provision", "inspect", "destroy"],
      }),
  },
  {
    kind: "decisionProvider",
    method: "registerDecisionProvider",
    summary: "Evaluates batches of decisions",
    spec: "3.3.10",
    features: ["F263"],
    scope: "global",
    again: "error",
    capability: "decision",
    unconsumed: true,
    contract: { key: "decisionProviders", names: (value) => [(value as { id: string }).id] },
    read: ([value]) => {
      const read = readIdentified(value, { noun: "decision provider", functions: ["evaluate"] });
      if (isRefused(read)) return read;
      return (value as { contractVersion?: unknown }).contractVersion === 1
        ? read
        : malformed(`decision provider "${read.keys[0]}": "contractVersion" must be 1`);
    },
  },
  {
    kind: "sessionCatalog",
    method: "registerSessionCatalog",
    summary: "Lists and reads sessions kept by another program",
    spec: "3.3.10",
    features: ["F263"],
    scope: "global",
    again: "error",
    capability: "session-catalog",
    alsoIn: ["setup-runtime"],
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, { noun: "session catalog", present: ["label"], functions: ["list", "read"] }),
  },
  {
    kind: "detachedTaskRuntime",
    method: "registerDetachedTaskRuntime",
    summary: "Runs detached tasks; one for the whole gateway",
    spec: "3.24",
    features: ["F267"],
    scope: "global",
    again: "error",
    unconsumed: true,
    read: ([value]) =>
      isRecord(value) ? { keys: ["runtime"], value } : malformed("detached task runtime: expected an object"),
  },
  {
    kind: "reload",
    method: "registerReload",
    summary: "Says which config paths restart the gateway, reload the plugin, or need nothing",
    spec: "3.24",
    features: ["F267"],
    scope: "plugin",
    again: "all",
    read: ([value], { id }) => {
      const lists = isRecord(value)
        ? [value["restartPrefixes"], value["hotPrefixes"], value["noopPrefixes"]]
        : [];
      if (!lists.some((list) => stringList(list) && list.length > 0)) {
        return refuse("registration-malformed", "reload: name at least one config prefix", "warn");
      }
      return { keys: [id], value };
    },
  },
  functionKind(
    "configMigration",
    "registerConfigMigration",
    "Migrates older settings before the runtime loads",
  ),
  functionKind(
    "autoEnableProbe",
    "registerAutoEnableProbe",
    "Names reasons to enable the plugin automatically",
  ),
  functionKind(
    "securityAuditCollector",
    "registerSecurityAuditCollector",
    "Adds findings to the security audit",
  ),
  widgetKind("widgetPresenter", "registerWidgetPresenter", "Presents widgets on the control page"),
  widgetKind(
    "boardWidgetContentKind",
    "registerBoardWidgetContentKind",
    "A kind of content for board widgets",
  ),
  {
    kind: "mcpServerConnectionResolver",
    method: "registerMcpServerConnectionResolver",
    summary: "Resolves how to reach one MCP server",
    spec: "3.8",
    features: ["F266"],
    scope: "global",
    again: "replace",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, {
        noun: "MCP connection resolver",
        idField: "serverName",
        functions: ["resolve"],
      }),
  },
];

function functionKind(kind: string, method: string, summary: string): KindRow {
  return {
    kind,
    method,
    summary,
    spec: "3.24",
    features: ["F267"],
    scope: "plugin",
    again: "all",
    unconsumed: true,
    read: ([run], { id }) =>
      typeof run === "function"
        ? { keys: [id], value: { run } }
        : malformed(`${method}: expected a function`),
  };
}

function widgetKind(kind: string, method: string, summary: string): KindRow {
  const noun = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return {
    kind,
    method,
    summary,
    spec: "3.8",
    features: ["F266"],
    scope: "plugin",
    again: "replace",
    unconsumed: true,
    read: ([value], { id }) =>
      isRecord(value) ? { keys: [id], value } : malformed(`${noun}: expected an object`),
  };
}
