import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { PluginHost } from "../../../src/plugins/host.ts";
import { type Code, FLEET, type Member, RUNNING } from "./fleet.ts";
import { type PluginBench, pluginBench, writePlugin } from "./plugin-bench.ts";

const IDS = [...new Set(FLEET.map(({ id }) => id))];
const id = fc.constantFrom(...IDS);
const some = (from: readonly string[], maxLength: number) => fc.subarray([...from], { maxLength });
const one = <const T>(...values: T[]) => fc.constantFrom(...values);
const member = fc.nat({ max: FLEET.length - 1 });
const named = <const K extends string, T extends object>(
  kind: K,
  parts: { [P in keyof T]: fc.Arbitrary<T[P]> },
): fc.Arbitrary<{ kind: K; patient: boolean } & T> =>
  fc.tuple(fc.boolean(), fc.record(parts)).map(([patient, rest]) => ({ kind, patient, ...(rest as T) }));

/** One thing that can happen to the plugins of a gateway. The next may happen before it is over. */
export const step = fc.oneof(
  { weight: 4, arbitrary: named("switch", { id, enabled: one(true, false, undefined) }) },
  {
    weight: 4,
    arbitrary: named("configure", {
      id,
      mode: one<string | number | undefined>("plain", "fail", "tool", 7, undefined),
      priority: one(0, 5, 9, undefined),
      access: one(true, false, undefined),
    }),
  },
  { weight: 4, arbitrary: named("reload", { ids: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }) }) },
  { weight: 4, arbitrary: named("write", { member, code: one<Code>("one", "two", "broken", "unreadable") }) },
  { weight: 1, arbitrary: named("lists", { allow: some(IDS, 12), deny: some(IDS, 2) }) },
  { weight: 1, arbitrary: named("all", { enabled: one(true, false, undefined) }) },
  { weight: 2, arbitrary: named("paths", { paths: some(["extra", "extra/visitor", "nowhere"], 3) }) },
  {
    weight: 2,
    arbitrary: named("slots", {
      memory: one("memory-a", "memory-b", "none", "nobody", undefined),
      contextEngine: one("engine-a", "engine-b", "spare", undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: named("channel", {
      chat: one(undefined, {}, { enabled: true }, { enabled: false }, { token: 1 }),
    }),
  },
  { weight: 2, arbitrary: named("feed", { url: one("a", "b", undefined), step: one(1, 2, 3, undefined) }) },
  { weight: 2, arbitrary: named("place", { member, present: fc.boolean() }) },
  { weight: 1, arbitrary: named("look", { id }) },
  { weight: 1, arbitrary: named("refresh", {}) },
);

export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Entry = { enabled?: boolean; config?: object; hooks?: object };

/** A fleet of plugins in a running host, and everything that happens to it. */
export class Voyage {
  readonly bench: PluginBench;
  readonly host: PluginHost;
  readonly #entries: Record<string, Entry> = {};
  #section: Record<string, unknown> = {};
  #rest: Record<string, unknown> = {};
  readonly #rewritten = new Set<string>();
  #pending: Promise<unknown>[] = [];

  private constructor(bench: PluginBench) {
    this.bench = bench;
    this.host = bench.host;
  }

  static async begin(): Promise<Voyage> {
    Object.assign(globalThis, { [RUNNING]: new Map() });
    const voyage = new Voyage(await pluginBench());
    for (const one of FLEET) await voyage.#write(one, one.id === "helped" ? "broken" : "one");
    voyage.#configure();
    await voyage.host.start();
    await voyage.host.startServices();
    return voyage;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "reload" || step.kind === "write" || step.kind === "place") await this.idle();
    const work = this.#take(step).catch(() => {});
    this.#pending.push(work);
    // Asked for by name it stays, even when settings meanwhile let it wait again: nobody may come in between.
    const isAsked = step.kind === "reload" && step.ids.includes("lazy");
    if (step.patient || isAsked) await this.idle();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    await Promise.all(pending);
  }

  /**
   * Brings every plugin whose code was changed on disk up to date, as its author would: by a reload, and when
   * that fails and the old code goes on, by repairing it first.
   */
  async arrive(): Promise<void> {
    await this.idle();
    await this.host.applyConfig();
    for (const id of this.#rewritten) {
      if (!this.#isTried(id)) continue;
      const before = this.host.registry.current().ofPlugin(id);
      const failed = await this.host.reload(id).then(
        () => false,
        () => true,
      );
      if (!failed || !this.#record(id)?.imported) continue;
      const after = this.host.registry.current().ofPlugin(id);
      if (after.length !== before.length || after.some((entry, at) => entry !== before[at])) {
        throw new Error(`a failing reload of ${id} changed what it has registered`);
      }
      for (const one of FLEET) if (one.id === id) await this.#write(one, "one");
      await this.host.reload(id);
    }
  }

  /** How often each service runs. */
  running(): Record<string, number> {
    const slots = globalThis as { [RUNNING]?: Map<string, number> };
    return Object.fromEntries([...(slots[RUNNING] ?? [])].filter(([, count]) => count !== 0).sort());
  }

  async #take(step: Step): Promise<void> {
    const { host } = this;
    switch (step.kind) {
      case "switch":
        return this.#enter(step.id, { enabled: step.enabled });
      case "configure": {
        const { mode, priority, access } = step;
        return this.#enter(step.id, {
          config: mode === undefined && priority === undefined ? undefined : dense({ mode, priority }),
          hooks: access === undefined ? undefined : { allowConversationAccess: access },
        });
      }
      case "reload":
        for (const one of step.ids) await this.#reload(one);
        return;
      case "write":
        return this.#write(FLEET[step.member] as Member, step.code);
      case "lists":
        return this.#set({ allow: step.allow, deny: step.deny });
      case "all":
        return this.#set({ enabled: step.enabled });
      case "paths":
        return this.#set({ load: { paths: step.paths.map((path) => join(this.bench.root, path)) } });
      case "slots":
        return this.#set({ slots: dense({ memory: step.memory, contextEngine: step.contextEngine }) });
      case "channel":
        return this.#set({}, { channels: dense({ chat: step.chat }) });
      case "feed":
        return this.#set({}, { feed: dense({ url: step.url, step: step.step }) });
      case "place": {
        const one = FLEET[step.member] as Member;
        if (step.present) await this.#write(one, "two");
        else await rm(this.#folder(one), { recursive: true, force: true });
        return host.applyConfig();
      }
      case "look":
        await host.inspect(step.id);
        return;
      case "refresh":
        return host.applyConfig();
    }
  }

  /** What is not loaded is not asked for: that would be more than a fresh start does. */
  async #reload(one: string): Promise<void> {
    if (!this.#isTried(one)) return;
    const before = this.host.registry.current();
    const records = this.host.records().map(({ id }) => id);
    await this.host.reload(one).catch(() => {});
    const after = this.host.registry.current();
    for (const other of records) {
      if (other === one) continue;
      for (const entry of before.ofPlugin(other)) {
        const same = after.get(entry.kind, entry.key, other);
        const kept = before.get(entry.kind, entry.key, other) === entry;
        if (kept && same !== undefined && same !== entry) {
          throw new Error(`the reload of ${one} replaced ${entry.kind} ${entry.key} of ${other}`);
        }
      }
    }
  }

  #isTried(one: string): boolean {
    const record = this.#record(one);
    return record !== undefined && (record.imported === true || record.failurePhase !== undefined);
  }

  #record(one: string) {
    return this.host.records().find(({ id }) => id === one);
  }

  async #write(one: Member, code: Code): Promise<void> {
    this.#rewritten.add(one.id);
    await writePlugin(this.#folder(one), one.id, one.files(code));
  }

  #folder({ place, folder, id: name }: Member): string {
    return join(this.bench.root, place, folder ?? name);
  }

  #enter(one: string, change: { [K in keyof Entry]: Entry[K] | undefined }): Promise<void> {
    this.#entries[one] = dense({ ...this.#entries[one], ...change });
    return this.#set({});
  }

  #set(section: Record<string, unknown>, rest: Record<string, unknown> = {}): Promise<void> {
    this.#section = dense({ ...this.#section, ...section });
    this.#rest = { ...this.#rest, ...rest };
    this.#configure();
    return this.host.applyConfig();
  }

  #configure(): void {
    const plugins = { ...this.#section, entries: structuredClone(this.#entries) };
    this.bench.config.set({ ...this.#rest, plugins });
  }
}

function dense<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}
