import { Type } from "typebox";
import { callerHas } from "../rpc/caller.ts";
import { type MethodGroup, method } from "../rpc/method.ts";
import { open } from "./shapes.ts";

const HealthSummary = Type.Object(
  { ok: Type.Literal(true), ts: Type.Integer(), durationMs: Type.Integer() },
  open,
);

const health = method({
  name: "health",
  scope: "none",
  params: Type.Object({ probe: Type.Optional(Type.Boolean()) }, open),
  result: HealthSummary,
  summary: "Returns the cached health summary, or a fresh one with `probe`.",
  idempotent: true,
  handler: async ({ services }, { probe }) => {
    const summary = probe ? await services.health.refresh() : await services.health.read();
    return { ...summary, modelRuntime: { degraded: false, pendingAgents: [] } };
  },
});

const PresenceList = Type.Array(Type.Object({ ts: Type.Integer() }, open));

const systemPresence = method({
  name: "system-presence",
  scope: "operator.read",
  params: Type.Object({}, open),
  result: PresenceList,
  summary: "Lists who is there: the gateway itself, clients and nodes.",
  idempotent: true,
  handler: ({ services }) => services.presence.list(),
});

const gatewayIdentity = method({
  name: "gateway.identity.get",
  scope: "operator.read",
  params: Type.Object({}, open),
  result: Type.Object({ deviceId: Type.String(), publicKey: Type.String() }),
  summary: "Returns the gateway's own device id and public key.",
  idempotent: true,
  handler: ({ services }) => ({
    deviceId: services.identity.deviceId,
    publicKey: services.identity.publicKey,
  }),
});

const NO_TASKS = {
  total: 0,
  active: 0,
  terminal: 0,
  failures: 0,
  byStatus: { queued: 0, running: 0, succeeded: 0, failed: 0, timed_out: 0, cancelled: 0, lost: 0 },
  byRuntime: { subagent: 0, acp: 0, cli: 0, cron: 0 },
};
const NO_AUDIT = {
  total: 0,
  warnings: 0,
  errors: 0,
  byCode: {
    stale_queued: 0,
    stale_running: 0,
    lost: 0,
    delivery_failed: 0,
    missing_cleanup: 0,
    inconsistent_timestamps: 0,
  },
};

const status = method({
  name: "status",
  scope: "operator.read",
  params: Type.Object(
    {
      includeChannelSummary: Type.Optional(Type.Boolean()),
      includeCliProjection: Type.Optional(Type.Boolean()),
    },
    open,
  ),
  result: Type.Object({ runtimeVersion: Type.String(), pid: Type.Integer() }, open),
  summary: "Sums up the gateway for people: version, sessions, books of accepted work, memory.",
  idempotent: true,
  handler: async ({ services, caller }, params) => {
    const administers = callerHas(caller, "operator.admin");
    const { store, facts, agents } = services;
    const [counts, turns, inbox, outbox, storeStats] = await Promise.all([
      services.sessionCount(),
      store.call.turns.counts({}),
      store.call.inbox.counts({}),
      store.call.outbox.counts({}),
      store.stats(),
    ]);
    const memory = process.memoryUsage();
    const agentRows = agents();
    const path = administers ? facts.stateDir : "[redacted]";
    return {
      runtimeVersion: facts.version,
      ...(params.includeCliProjection
        ? {
            cliProjection: {
              agents: {
                defaultId: agentRows.find((row) => row.isDefault)?.agentId ?? "main",
                ownership: "sole",
                selectionRequired: false,
                rows: agentRows.map((row) => ({ id: row.agentId })),
              },
              updateChannel: null,
              memoryPlugin: { enabled: false, slot: null },
            },
          }
        : {}),
      hostDesktop: { enabled: false, state: "disabled", port: 5900 },
      heartbeat: { defaultAgentId: agentRows.find((row) => row.isDefault)?.agentId ?? "main", agents: [] },
      channelSummary: params.includeChannelSummary === false ? [] : services.channelSummary(),
      queuedSystemEvents: [],
      degradedSecretOwners: [],
      degradedPlugins: services.plugins
        .records()
        .filter((plugin) => plugin.status === "error")
        .map((plugin) => ({ id: plugin.id, reason: plugin.reason })),
      tasks: NO_TASKS,
      taskAudit: NO_AUDIT,
      sessions: {
        paths: administers ? [facts.stateDir] : [],
        count: counts,
        defaults: { model: null, contextTokens: null },
        recent: [],
        byAgent: agentRows.map((row) => ({ agentId: row.agentId, path, count: counts, recent: [] })),
      },
      books: { turns, inbox, outbox },
      configuration: {
        origin: services.config.current().origin,
        revision: services.config.current().revision,
        problems: services.config.current().problems.length,
      },
      eventLoop: services.health.eventLoop(),
      processMemory: {
        rssBytes: memory.rss,
        heapUsedBytes: memory.heapUsed,
        heapTotalBytes: memory.heapTotal,
        externalBytes: memory.external,
        arrayBuffersBytes: memory.arrayBuffers,
      },
      sqliteWal: { walBytes: storeStats.walBytes, fileBytes: storeStats.fileBytes },
      pid: process.pid,
    };
  },
});

export default [health, status, systemPresence, gatewayIdentity] satisfies MethodGroup;
