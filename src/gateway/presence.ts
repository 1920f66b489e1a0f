import { hostname, networkInterfaces, release } from "node:os";
import type { Clock } from "../kernel/clock.ts";
import { MAX_PRESENCE_ENTRIES, PRESENCE_TTL_MS } from "../protocol/limits.ts";

/** One line of `system-presence` (spec 5.2). */
export interface PresenceEntry {
  host?: string;
  clientId?: string;
  ip?: string;
  version?: string;
  platform?: string;
  deviceFamily?: string;
  modelIdentifier?: string;
  timeZone?: string;
  mode?: string;
  reason?: string;
  tags?: string[];
  text?: string;
  ts: number;
  deviceId?: string;
  roles?: string[];
  scopes?: string[];
  instanceId?: string;
}

export interface PresenceOptions {
  clock: Clock;
  version: string;
  /** The gateway's own `instanceId`. */
  bootId: string;
  /** Told after every change, with the new version. */
  onChange(): void;
}

/** Who is there: the gateway first, then clients and nodes; entries fade when nobody refreshes them. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #entries = new Map<string, PresenceEntry>();
  readonly #self: Omit<PresenceEntry, "ts">;
  #version = 1;

  constructor(options: PresenceOptions) {
    this.#options = options;
    const host = hostname();
    const ip = firstAddress();
    this.#self = {
      host,
      ...(ip === undefined ? {} : { ip }),
      version: options.version,
      platform: `${process.platform} ${release()}`,
      deviceFamily: familyOf(process.platform),
      mode: "gateway",
      reason: "self",
      instanceId: options.bootId,
      text: `Gateway: ${host}${ip === undefined ? "" : ` (${ip})`} · app ${options.version} · mode gateway · reason self`,
    };
  }

  /** Increases with every change; `stateVersion.presence`. */
  get version(): number {
    return this.#version;
  }

  /** The gateway's own entry first, always fresh. */
  list(): PresenceEntry[] {
    this.#expire();
    return [{ ...this.#self, ts: this.#options.clock.now() }, ...this.#entries.values()];
  }

  /** Adds or refreshes an entry. `key` is the device id, else the instance id, else the host. */
  upsert(key: string, entry: Omit<PresenceEntry, "ts">): void {
    this.#entries.delete(key);
    this.#entries.set(key, { ...entry, ts: this.#options.clock.now() });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MAX_PRESENCE_ENTRIES) break;
      this.#entries.delete(oldest);
    }
    this.#changed();
  }

  /** Keeps an entry from fading; not a change. */
  refresh(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) entry.ts = this.#options.clock.now();
  }

  /** Marks an entry as gone; it stays visible until it fades. */
  left(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.reason = "disconnect";
    this.#changed();
  }

  /** Drops faded entries. Called by the tick. */
  sweep(): void {
    if (this.#expire()) this.#changed();
  }

  #expire(): boolean {
    const oldest = this.#options.clock.now() - PRESENCE_TTL_MS;
    let dropped = false;
    for (const [key, entry] of this.#entries) {
      if (entry.ts > oldest) continue;
      this.#entries.delete(key);
      dropped = true;
    }
    return dropped;
  }

  #changed(): void {
    this.#version++;
    this.#options.onChange();
  }
}

function familyOf(platform: string): string {
  if (platform === "darwin") return "Mac";
  if (platform === "win32") return "Windows";
  return platform === "linux" ? "Linux" : platform;
}

function firstAddress(): string | undefined {
  for (const addresses of Object.values(networkInterfaces())) {
    const outward = addresses?.find((address) => !address.internal && address.family === "IPv4");
    if (outward) return outward.address;
  }
  return undefined;
}
