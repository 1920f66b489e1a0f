import { isRecord } from "../../../kernel/records.ts";
import { isOperatorScope } from "../../../protocol/scopes.ts";
import { isRefused, nonEmpty, readIdentified, stringList } from "../checks.ts";
import { isPattern, jsonSchemaProblem } from "../json-schema.ts";
import { isJsonValue } from "../json-value.ts";
import { type Accepted, type KindRow, malformed, type Refused, type Registrant, refuse } from "../row.ts";

/** Session state, workflow, controls, lifecycle and agent events (spec 3.19 – 3.22). */
export const workflowKinds: readonly KindRow[] = [
  {
    kind: "sessionExtension",
    method: "registerSessionExtension",
    summary: "JSON state of the plugin in every session, projected to clients",
    spec: "3.19",
    features: ["F094"],
    scope: "plugin",
    again: "error",
    claims: (value) => textOf(value, "sessionEntrySlotKey"),
    read: ([value]) => readSessionExtension(value),
  },
  {
    kind: "sessionSchedulerJob",
    method: "registerSessionSchedulerJob",
    summary: "Clean-up of something the plugin scheduled for a session; schedules nothing itself",
    spec: "3.19",
    features: ["F104"],
    scope: "plugin",
    again: "error",
    read: ([value]) =>
      readIdentified(value, {
        noun: "scheduler job",
        texts: ["sessionKey", "kind"],
        optionalFunctions: ["cleanup"],
      }),
  },
  {
    kind: "sessionAction",
    method: "registerSessionAction",
    summary: "A typed action on a session that clients dispatch through the gateway",
    spec: "3.20",
    features: ["F108"],
    scope: "plugin",
    again: "error",
    read: ([value]) => {
      const read = readIdentified(value, { noun: "session action", functions: ["handler"] });
      if (isRefused(read)) return read;
      const { schema, requiredScopes } = value as Record<string, unknown>;
      const problem = schema === undefined ? undefined : jsonSchemaProblem(schema);
      if (problem)
        return malformed(`session action "${read.keys[0]}": "schema" is no JSON Schema: ${problem}`);
      return checkScopes(requiredScopes, `session action "${read.keys[0]}"`) ?? read;
    },
  },
  {
    kind: "controlUiDescriptor",
    method: "registerControlUiDescriptor",
    summary: "A contribution to the control page: session, tool, run, settings, tab, widget or link reader",
    spec: "3.20",
    features: ["F099"],
    scope: "plugin",
    again: "error",
    claims: (value) => textOf(value, "slug"),
    read: ([value], registrant) => readUiDescriptor(value, registrant),
  },
  {
    kind: "runtimeLifecycle",
    method: "registerRuntimeLifecycle",
    summary: "Clean-up of the plugin's own resources on reset, delete, disable and reload",
    spec: "3.21",
    features: ["F100"],
    scope: "plugin",
    again: "error",
    read: ([value]) =>
      readIdentified(value, { noun: "runtime lifecycle", optionalFunctions: ["cleanup", "dispose"] }),
  },
  {
    kind: "agentEventSubscription",
    method: "registerAgentEventSubscription",
    summary: "Receives sanitised events of agent runs",
    spec: "3.22",
    features: ["F101"],
    scope: "plugin",
    again: "error",
    read: ([value]) => {
      const read = readIdentified(value, { noun: "agent event subscription", functions: ["handle"] });
      if (isRefused(read)) return read;
      const { streams } = value as Record<string, unknown>;
      if (streams !== undefined && !stringList(streams)) {
        return malformed(`agent event subscription "${read.keys[0]}": "streams" must be a list of names`);
      }
      return read;
    },
  },
];

function textOf(value: unknown, field: string): readonly string[] {
  const text = nonEmpty((value as Record<string, unknown>)[field]);
  return text === undefined ? [] : [text];
}

/** Fields of a session that a mirrored slot may not shadow. */
const SESSION_FIELDS = new Set(
  (
    "sessionId updatedAt createdAt label displayName channel chatType lastChannel lastTo lastAccountId lastThreadId " +
    "thinkingLevel providerOverride modelOverride sendPolicy inputTokens outputTokens totalTokens contextTokens " +
    "abortedLastRun pluginExtensions lifecycleRevision key kind"
  ).split(" "),
);

function readSessionExtension(value: unknown): Accepted | Refused {
  const read = readIdentified(value, {
    noun: "session extension",
    idField: "namespace",
    texts: ["description"],
    optionalFunctions: ["project", "cleanup"],
  });
  if (isRefused(read)) return read;
  const { project, sessionEntrySlotKey } = value as Record<string, unknown>;
  if (typeof project === "function" && project.constructor.name === "AsyncFunction") {
    return malformed(`session extension "${read.keys[0]}": "project" must be synchronous`);
  }
  if (sessionEntrySlotKey !== undefined) {
    const slot = nonEmpty(sessionEntrySlotKey);
    if (!slot || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(slot) || SESSION_FIELDS.has(slot)) {
      return malformed(
        `session extension "${read.keys[0]}": "sessionEntrySlotKey" must be a free identifier`,
      );
    }
  }
  return read;
}

function checkScopes(scopes: unknown, noun: string): Refused | undefined {
  if (scopes === undefined) return undefined;
  const known = Array.isArray(scopes) && scopes.every(isOperatorScope);
  return known ? undefined : malformed(`${noun}: "requiredScopes" must name operator scopes`);
}

const SURFACES = new Set(["session", "tool", "run", "settings", "tab", "widget", "link-reader"]);
const RESERVED_SLUGS = new Set([
  "chat",
  "sessions",
  "settings",
  "channels",
  "plugins",
  "config",
  "logs",
  "api",
]);
export const MAX_UI_SLUG_LENGTH = 64;
export const MAX_LINK_READER_HOSTS = 16;
export const MAX_LINK_READER_PATTERN_LENGTH = 1_024;

function readUiDescriptor(value: unknown, registrant: Registrant): Accepted | Refused {
  const read = readIdentified(value, { noun: "UI descriptor", present: ["surface", "label"] });
  if (isRefused(read)) return read;
  const descriptor = value as Record<string, unknown>;
  const wrong = (message: string) => malformed(`UI descriptor "${read.keys[0]}": ${message}`);
  const { surface, label, slug, path, placement, schema, group } = descriptor;
  if (!SURFACES.has(String(surface))) return wrong(`unknown surface "${String(surface)}"`);
  if (!nonEmpty(label)) return wrong('"label" must not be empty');
  const scopes = checkScopes(descriptor["requiredScopes"], `UI descriptor "${read.keys[0]}"`);
  if (scopes) return scopes;
  if (schema !== undefined && !isJsonValue(schema)) return wrong('"schema" must be a JSON value');
  if (path !== undefined && (typeof path !== "string" || !/^\/(?![/\\])/.test(path))) {
    return wrong('"path" must start with exactly one "/"');
  }
  if (group !== undefined && group !== "control" && group !== "agent")
    return wrong('"group" is control or agent');
  if (slug !== undefined) {
    if (surface !== "tab") return wrong('"slug" is for tabs');
    const valid =
      typeof slug === "string" && slug.length <= MAX_UI_SLUG_LENGTH && /^[a-z0-9][a-z0-9-]*$/.test(slug);
    if (!valid || RESERVED_SLUGS.has(slug)) return wrong('"slug" must be a free name of a-z, 0-9 and "-"');
  }
  if (typeof placement === "string" && placement.startsWith("route:")) {
    if (registrant.origin !== "bundled" || placement !== `route:${registrant.id}`) {
      return refuse(
        "bundled-only",
        `UI descriptor "${read.keys[0]}": only the bundled plugin of that id may use it`,
      );
    }
  }
  const reader = descriptor["linkReader"];
  if ((surface === "link-reader") !== (reader !== undefined)) {
    return wrong('"linkReader" goes with surface "link-reader", and only there');
  }
  if (reader !== undefined) {
    const problem = checkLinkReader(reader);
    if (problem) return wrong(problem);
  }
  return read;
}

const EXACT_HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i;

function checkLinkReader(value: unknown): string | undefined {
  if (!isRecord(value)) return '"linkReader" must be an object';
  const { hosts, pathPattern, detailMethod } = value;
  const method = ["previewMethod", "imageMethod"].find(
    (name) => value[name] !== undefined && !nonEmpty(value[name]),
  );
  if (method) return `"linkReader.${method}" must name a gateway method`;
  const exact = stringList(hosts) && hosts.every((host) => EXACT_HOST.test(host));
  if (!exact || hosts.length === 0 || hosts.length > MAX_LINK_READER_HOSTS) {
    return `"linkReader.hosts" needs 1 to ${MAX_LINK_READER_HOSTS} exact hosts`;
  }
  if (
    typeof pathPattern !== "string" ||
    pathPattern.length > MAX_LINK_READER_PATTERN_LENGTH ||
    !pathPattern.startsWith("^") ||
    !pathPattern.endsWith("$") ||
    !isPattern(pathPattern)
  ) {
    return '"linkReader.pathPattern" must be an anchored pattern';
  }
  return nonEmpty(detailMethod) ? undefined : '"linkReader.detailMethod" must name a gateway method';
}
