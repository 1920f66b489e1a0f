import type { ChannelAccountSnapshot, ChannelConfig, ChannelPlugin } from "../../contracts/channel.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { asRecord } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { AccountSupervisor, type SupervisorParts } from "./supervisor.ts";

/** Accounts that are started at the same time. */
export const START_CONCURRENCY = 4;

interface Running {
  plugin: ChannelPlugin;
  supervisor: AccountSupervisor;
}

/** Keeps every account of every loaded channel in the state that registry and configuration ask for. */
export class ChannelAccounts implements Disposable {
  readonly #channels: ChannelDirectory;
  readonly #parts: SupervisorParts;
  readonly #running = new Map<string, Running>();
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(channels: ChannelDirectory, parts: SupervisorParts) {
    this.#channels = channels;
    this.#parts = parts;
  }

  /** Starts what is missing, stops what is gone, restarts what another plugin object now serves. */
  reconcile(restart?: (channel: string, accountId: string) => boolean): Promise<void> {
    const next = this.#work.then(() => this.#reconcile(restart));
    this.#work = next.catch((error) => {
      this.#parts.logger.error("channel accounts could not be brought up to date", { error });
    });
    return this.#work;
  }

  list(): { channel: string; accountId: string }[] {
    return [...this.#running.values()].map(({ plugin, supervisor }) => ({
      channel: plugin.id,
      accountId: supervisor.accountId,
    }));
  }

  get(channel: string, accountId: string): AccountSupervisor | undefined {
    return this.#running.get(keyOf(channel, accountId))?.supervisor;
  }

  snapshots(channel: string): ChannelAccountSnapshot[] {
    return [...this.#running.values()]
      .filter(({ plugin }) => plugin.id === channel)
      .map(({ supervisor }) => supervisor.snapshot);
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#work;
    await Promise.all([...this.#running.values()].map(({ supervisor }) => supervisor.dispose()));
    this.#running.clear();
  }

  async #reconcile(restart: ((channel: string, accountId: string) => boolean) | undefined): Promise<void> {
    if (this.#closed) return;
    const cfg = this.#parts.config();
    const wanted = new Map<string, { plugin: ChannelPlugin; accountId: string }>();
    for (const plugin of this.#channels.list()) {
      if (!isChannelEnabled(plugin, cfg)) continue;
      try {
        for (const accountId of this.#channels.accountIds(plugin, cfg)) {
          wanted.set(keyOf(plugin.id, accountId), { plugin, accountId });
        }
      } catch (error) {
        this.#parts.logger.error("a channel could not list its accounts", { channel: plugin.id, error });
      }
    }
    const stops: Promise<void>[] = [];
    for (const [key, { plugin, supervisor }] of this.#running) {
      const next = wanted.get(key);
      if (next && next.plugin === plugin && !restart?.(plugin.id, supervisor.accountId)) continue;
      this.#running.delete(key);
      stops.push(supervisor.dispose());
    }
    await Promise.all(stops);
    const starts: AccountSupervisor[] = [];
    for (const [key, { plugin, accountId }] of wanted) {
      if (this.#running.has(key)) continue;
      const supervisor = new AccountSupervisor(plugin, accountId, this.#parts);
      this.#running.set(key, { plugin, supervisor });
      starts.push(supervisor);
    }
    for (let index = 0; index < starts.length; index += START_CONCURRENCY) {
      await Promise.all(
        starts.slice(index, index + START_CONCURRENCY).map((supervisor) => supervisor.start()),
      );
    }
  }
}

function keyOf(channel: string, accountId: string): string {
  return `${channel}\0${accountId}`;
}

/** A channel runs when its section exists, or it needs none, and it is not switched off. */
export function isChannelEnabled(plugin: ChannelPlugin, cfg: ChannelConfig): boolean {
  return asRecord(asRecord(cfg["channels"])[plugin.id])["enabled"] !== false;
}
