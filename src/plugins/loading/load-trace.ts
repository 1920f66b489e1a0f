import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";

/** Most export names a summary lists. */
export const MAX_SUMMARY_NAMES = 32;

export type LoadPhase = "discover" | "settings" | "import" | "register" | "publish" | "retire";

interface LoadTraceOptions {
  readonly logger: Logger;
  readonly clock: Pick<Clock, "monotonic">;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What an operator can ask to be told while plugins load (spec 2.20): `SLUICE_PLUGIN_LIFECYCLE_TRACE=1` writes
 * how long each phase took, `SLUICE_PLUGIN_LOAD_DEBUG=1` what each entry exports. The ecosystem's names of the
 * variables work too.
 */
export class LoadTrace {
  readonly #logger: Logger;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #phases: boolean;
  readonly #exports: boolean;

  constructor({ logger, clock, env }: LoadTraceOptions) {
    this.#logger = logger.child("plugin-trace");
    this.#clock = clock;
    this.#phases = isOn(env, "PLUGIN_LIFECYCLE_TRACE");
    this.#exports = isOn(env, "PLUGIN_LOAD_DEBUG");
  }

  /** True when anything is written. */
  static isWanted(env: LoadTraceOptions["env"]): boolean {
    return isOn(env, "PLUGIN_LIFECYCLE_TRACE") || isOn(env, "PLUGIN_LOAD_DEBUG");
  }

  async phase<T>(phase: LoadPhase, pluginId: string | undefined, work: () => Promise<T>): Promise<T> {
    if (!this.#phases) return work();
    const started = this.#clock.monotonic();
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      this.#tell(phase, pluginId, started, failed);
    }
  }

  phaseSync<T>(phase: LoadPhase, pluginId: string, work: () => T): T {
    if (!this.#phases) return work();
    const started = this.#clock.monotonic();
    let failed = true;
    try {
      const result = work();
      failed = false;
      return result;
    } finally {
      this.#tell(phase, pluginId, started, failed);
    }
  }

  /** The shape of what an entry exports; no values, they may be secret. */
  exports(pluginId: string, entry: string, module: unknown): void {
    if (!this.#exports) return;
    this.#logger.info("entry exports", { pluginId, entry, exports: summaryOf(module, 2) });
  }

  #tell(phase: LoadPhase, pluginId: string | undefined, started: number, failed: boolean): void {
    const ms = Math.round((this.#clock.monotonic() - started) * 100) / 100;
    this.#logger.info("plugin phase", {
      phase,
      ms,
      ...(pluginId === undefined ? {} : { pluginId }),
      ...(failed ? { failed } : {}),
    });
  }
}

function isOn(env: LoadTraceOptions["env"], name: string): boolean {
  const value = env[`SLUICE_${name}`] ?? env[`OPENCLAW_${name}`];
  return value !== undefined && !["", "0", "false", "off", "no"].includes(value.trim().toLowerCase());
}

function summaryOf(value: unknown, depth: number): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || depth === 0)
    return value === null ? "null" : typeof value;
  const names = Object.keys(value);
  if (typeof value === "function" && names.length === 0) return "function";
  const shown: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of names.slice(0, MAX_SUMMARY_NAMES)) {
    const property = Object.getOwnPropertyDescriptor(value, name);
    shown[name] = property && "value" in property ? summaryOf(property.value, depth - 1) : "getter";
  }
  if (names.length > MAX_SUMMARY_NAMES) shown["…"] = `${names.length - MAX_SUMMARY_NAMES} more`;
  return shown;
}
