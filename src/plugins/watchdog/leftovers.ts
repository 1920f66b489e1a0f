import { Server } from "node:net";
import { pathToFileURL } from "node:url";
import type { Disposable } from "../../kernel/disposable.ts";
import type { PluginInstance } from "../loading/instance.ts";
import { pluginScope } from "../loading/plugin-scope.ts";
import { framesOf } from "./culprit.ts";

/** Things of one instance that are remembered; one that opens more is untidy in any case. */
export const MAX_REMEMBERED = 256;

interface Remembered {
  readonly what: "interval" | "listening socket";
  /** False once the plugin closed it, or nobody can reach it. */
  open(): boolean;
  close(): void;
}

/**
 * Remembers the intervals and listening sockets that plugins open themselves, and closes those that are still
 * open when their instance has been unloaded: they would run, or keep a port, for as long as the gateway does.
 * What the host opens for a plugin has its own owner and is left alone.
 */
export class Leftovers implements Disposable {
  readonly #report: (pluginId: string, message: string) => void;
  readonly #own: readonly string[];
  readonly #kept = new WeakMap<PluginInstance, Remembered[]>();
  readonly #setInterval = globalThis.setInterval;
  readonly #listen = Server.prototype.listen;

  /** `hostFolders`: where the host's own code lies; what it opens is not a plugin's. */
  constructor(report: (pluginId: string, message: string) => void, hostFolders: readonly string[]) {
    this.#report = report;
    this.#own = hostFolders.flatMap((folder) => [`${folder}/`, `${pathToFileURL(folder).href}/`]);
    this.#watchIntervals();
    this.#watchListening();
  }

  dispose(): void {
    globalThis.setInterval = this.#setInterval;
    Server.prototype.listen = this.#listen;
  }

  /** Closes what an unloaded instance left open, and names it. */
  settle(instance: PluginInstance): void {
    const left = (this.#kept.get(instance) ?? []).filter((thing) => thing.open());
    this.#kept.delete(instance);
    if (left.length === 0) return;
    for (const thing of left) thing.close();
    const count = (what: Remembered["what"]) => left.filter((thing) => thing.what === what).length;
    const parts = (["interval", "listening socket"] as const)
      .filter((what) => count(what) > 0)
      .map((what) => `${count(what)} ${what}${count(what) === 1 ? "" : "s"}`);
    this.#report(
      instance.pluginId,
      `it left ${parts.join(" and ")} open when it was unloaded; they were closed. Close them in api.lifecycle.onDispose`,
    );
  }

  #watchIntervals(): void {
    const original = this.#setInterval;
    const remember = (open: WeakRef<NodeJS.Timeout>) =>
      this.#remember({
        what: "interval",
        open: () => {
          const timer = open.deref() as { _destroyed?: boolean } | undefined;
          return timer !== undefined && timer._destroyed !== true;
        },
        close: () => clearInterval(open.deref()),
      });
    const watched = (...args: Parameters<typeof setInterval>) => {
      const timer = original(...args);
      if (this.#isPlugins(watched)) remember(new WeakRef(timer));
      return timer;
    };
    Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
    globalThis.setInterval = watched as typeof setInterval;
  }

  #watchListening(): void {
    const original = this.#listen;
    const remember = (open: WeakRef<Server>) =>
      this.#remember({
        what: "listening socket",
        open: () => open.deref()?.listening === true,
        close: () => void open.deref()?.close(),
      });
    const isPlugins = () => this.#isPlugins(watched);
    const watched = function listen(this: Server, ...args: unknown[]) {
      if (isPlugins()) remember(new WeakRef(this));
      return Reflect.apply(original, this, args) as Server;
    };
    Server.prototype.listen = watched as typeof original;
  }

  /** Whether a plugin runs and the code that called `watched` is not the host's. */
  #isPlugins(watched: (...args: never) => unknown): boolean {
    if (!pluginScope().getStore()) return false;
    const asked: { stack?: string } = {};
    Error.captureStackTrace(asked, watched);
    const asking = framesOf(asked.stack).find((line) => !line.includes("node:"));
    return asking !== undefined && !this.#own.some((folder) => asking.includes(folder));
  }

  #remember(thing: Remembered): void {
    const instance = pluginScope().getStore();
    if (!instance) return;
    let kept = this.#kept.get(instance) ?? [];
    // Only when there is no room: what was just opened may need a moment until it is.
    if (kept.length >= MAX_REMEMBERED) kept = kept.filter((known) => known.open());
    if (kept.length < MAX_REMEMBERED) kept.push(thing);
    this.#kept.set(instance, kept);
  }
}
