import { createHook } from "node:async_hooks";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Disposable } from "../../kernel/disposable.ts";
import { pluginScope } from "../loading/plugin-scope.ts";
import { framesOf } from "../watchdog/culprit.ts";

/** What an idle process holds that a plugin may leave behind: Node's names for it, and ours. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["Timeout", "timer"],
  ["TCPWRAP", "connection"],
  ["TCPSERVERWRAP", "listening socket"],
  ["PIPEWRAP", "pipe"],
  ["PIPESERVERWRAP", "listening pipe"],
  ["UDPWRAP", "UDP socket"],
  ["PROCESSWRAP", "program"],
  ["FSEVENTWRAP", "file watch"],
  ["STATWATCHER", "file watch"],
  ["MESSAGEPORT", "message port"],
  ["WORKER", "worker thread"],
]);
/** Open things that are remembered; a plugin with more is untidy in any case. */
export const MAX_OPEN_RESOURCES = 1_000;
const FRAME_PLACE = /\(?((?:file:\/\/)?\/[^()\s]+):(\d+):\d+\)?$/;

interface OpenResource {
  readonly what: string;
  /** `index.js:12`, the innermost line of the plugin's own code that led to it. */
  readonly where: string | undefined;
  /** Whether it keeps the process running. */
  holds(): boolean;
}

/**
 * Follows what plugins open while it watches: only what their own code leads to counts, so that timers of
 * anybody else in the process may come and go meanwhile.
 */
export class OpenResources implements Disposable {
  readonly #folder: string;
  readonly #open = new Map<number, OpenResource>();
  readonly #hook = createHook({
    init: (id, type, _trigger, resource) => this.#opened(id, type, resource),
    destroy: (id) => void this.#open.delete(id),
  });

  /** `folder`: real path of the plugins' folder; places are told relative to it. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#hook.enable();
  }

  /** What is open now and keeps the process running, a line for each kind and place. */
  left(): readonly string[] {
    const counts = new Map<string, number>();
    for (const { what, where, holds } of this.#open.values()) {
      if (!holds()) continue;
      const line = where ? `${what} opened at ${where}` : what;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    return [...counts].map(([line, count]) => `left open: ${count} × ${line}`);
  }

  dispose(): void {
    this.#hook.disable();
    this.#open.clear();
  }

  #opened(id: number, type: string, resource: object): void {
    const what = KINDS.get(type);
    if (!what || this.#open.size >= MAX_OPEN_RESOURCES || !pluginScope().getStore()) return;
    const asked: { stack?: string } = {};
    Error.captureStackTrace(asked);
    this.#open.set(id, {
      what,
      where: this.#placeIn(framesOf(asked.stack)),
      holds: () => (resource as { hasRef?: () => boolean }).hasRef?.() === true,
    });
  }

  #placeIn(frames: readonly string[]): string | undefined {
    for (const frame of frames) {
      const [, address = "", line] = FRAME_PLACE.exec(frame) ?? [];
      const file = address.startsWith("file:") ? fileURLToPath(address) : address;
      if (file.startsWith(`${this.#folder}/`)) return `${relative(this.#folder, file)}:${line}`;
    }
    return undefined;
  }
}
