import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { PluginRecord } from "../plugins/types.ts";
import { HEALTH_REFRESH_MS } from "../protocol/limits.ts";

/** State of one channel as its supervisor reports it. */
export type ChannelHealth = Record<string, unknown>;

/** What the rest of the gateway tells about itself for the summary. All cheap. */
export interface HealthSources {
  plugins(): readonly PluginRecord[];
  channels(): { order: string[]; labels: Record<string, string>; states: Record<string, ChannelHealth> };
  agents(): { agentId: string; isDefault: boolean; name?: string }[];
  sessionCount(): Promise<number>;
}

/** The health summary of spec 5.2, in the shape clients read. */
export interface HealthSummary {
  ok: true;
  ts: number;
  durationMs: number;
  [field: string]: unknown;
}

const EVENT_LOOP_RESOLUTION_MS = 20;
/** Delays above this make the event loop count as degraded. */
export const DEGRADED_DELAY_MS = 500;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Keeps one health summary, refreshed at most once at a time. Reading it is free; it is renewed in the
 * background when older than {@link HEALTH_REFRESH_MS}. It names no session and no path: those belong
 * to callers with a scope.
 */
export class HealthMonitor implements Disposable {
  readonly #clock: Clock;
  readonly #sources: HealthSources;
  readonly #onChange: (summary: HealthSummary) => void;
  readonly #delay = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  #utilization = performance.eventLoopUtilization();
  #measuredAt: number;
  #degradedSince: number | null = null;
  #summary: HealthSummary | undefined;
  #version = 0;
  #refreshing: Promise<HealthSummary> | undefined;

  constructor(options: { clock: Clock; sources: HealthSources; onChange: (summary: HealthSummary) => void }) {
    this.#clock = options.clock;
    this.#sources = options.sources;
    this.#onChange = options.onChange;
    this.#measuredAt = options.clock.monotonic();
    this.#delay.enable();
  }

  /** Increases with every new summary; `stateVersion.health`. */
  get version(): number {
    return this.#version;
  }

  /** The newest summary, however old; refreshes once when there is none. */
  async read(): Promise<HealthSummary> {
    if (!this.#summary) return this.refresh();
    if (this.#clock.now() - this.#summary.ts > HEALTH_REFRESH_MS) void this.refresh().catch(() => {});
    return this.#summary;
  }

  /** Makes a new summary; calls that come meanwhile share it. */
  refresh(): Promise<HealthSummary> {
    this.#refreshing ??= this.#build().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Numbers of the event loop since the last summary (spec 5.2 `eventLoop`). */
  eventLoop(): Record<string, unknown> {
    const now = this.#clock.monotonic();
    const utilization = performance.eventLoopUtilization(this.#utilization);
    const delayP99Ms = this.#delay.percentile(99) / NANOSECONDS_PER_MS;
    const delayMaxMs = this.#delay.max / NANOSECONDS_PER_MS;
    const degraded = delayP99Ms - EVENT_LOOP_RESOLUTION_MS > DEGRADED_DELAY_MS;
    this.#degradedSince = degraded ? (this.#degradedSince ?? this.#clock.now()) : null;
    return {
      degraded,
      degradedSinceMs: this.#degradedSince,
      reasons: degraded ? ["event-loop-delay"] : [],
      intervalMs: Math.round(now - this.#measuredAt),
      delayP99Ms: round(delayP99Ms),
      delayMaxMs: round(delayMaxMs),
      utilization: round(utilization.utilization),
      cpuCoreRatio: round(utilization.utilization),
    };
  }

  dispose(): void {
    this.#delay.disable();
  }

  async #build(): Promise<HealthSummary> {
    const startedAt = this.#clock.monotonic();
    const { order, labels, states } = this.#sources.channels();
    const sessions = { path: "[redacted]", count: await this.#sources.sessionCount(), recent: [] };
    const agents = this.#sources.agents();
    const plugins = this.#sources.plugins();
    const summary: HealthSummary = {
      ok: true,
      ts: this.#clock.now(),
      durationMs: Math.round(this.#clock.monotonic() - startedAt),
      plugins: {
        loaded: plugins.filter((plugin) => plugin.status === "loaded").map((plugin) => plugin.id),
        errors: plugins
          .filter((plugin) => plugin.status === "error")
          .map((plugin) => ({
            id: plugin.id,
            origin: plugin.origin,
            activated: false,
            error: plugin.error ?? plugin.reason,
          })),
        unavailable: [],
      },
      configReload: { hotReloadStatus: "active" },
      channels: states,
      channelOrder: order,
      channelLabels: labels,
      heartbeatSeconds: 0,
      defaultAgentId: agents.find((agent) => agent.isDefault)?.agentId ?? "main",
      agents: agents.map((agent) => ({
        ...agent,
        heartbeat: {
          enabled: false,
          every: "0m",
          everyMs: null,
          prompt: "",
          target: "owner",
          ackMaxChars: 300,
        },
        sessions,
      })),
      sessions,
      eventLoop: this.eventLoop(),
    };
    this.#utilization = performance.eventLoopUtilization();
    this.#measuredAt = this.#clock.monotonic();
    this.#delay.reset();
    this.#summary = summary;
    this.#version++;
    this.#onChange(summary);
    return summary;
  }
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1_000) / 1_000 : 0;
}
