import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { PluginHost } from "../../../src/plugins/host.ts";
import { IMPORT_PATIENCE_MS } from "../../../src/plugins/loading/load-turns.ts";
import { type Code, FLEET, GATES, type Member, RUNNING } from "./fleet.ts";
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
  {
    weight: 4,
    arbitrary: named("write", { member, code: one<Code>("one", "two", "slow", "broken", "unreadable") }),
  },
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
  // New code whose import takes long, and what comes while it goes on.
  {
    weight: 8,
    arbitrary: named("renew", {
      member,
      meanwhile: fc.array(one("off", "on", "settings", "feed", "reload", "open", "refresh"), {
        maxLength: 3,
      }),
    }),
  },
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
  readonly #gates = new Gates();

  private constructor(bench: PluginBench) {
    this.bench = bench;
    this.host = bench.host;
  }

  static async begin(): Promise<Voyage> {
    Object.assign(globalThis, { [RUNNING]: new Map() });
    const voyage = new Voyage(await pluginBench());
    voyage.#gates.begin(() => voyage.bench.clock.advance(IMPORT_PATIENCE_MS));
    for (const one of FLEET) await voyage.#write(one, one.id === "helped" ? "broken" : "one");
    voyage.#configure();
    await voyage.host.start();
    await voyage.host.startServices();
    return voyage;
  }

  async take(step: Step): Promise<void> {
    if (["reload", "write", "place", "renew"].includes(step.kind)) await this.idle();
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
    await this.#gates.openFor(Promise.all(pending));
  }

  /**
   * Brings every plugin whose code was changed on disk up to date, as its author would: by a reload, and when
   * that fails and the old code goes on, by repairing it first.
   */
  async arrive(): Promise<void> {
    await this.#gates.end();
    await this.idle();
    await this.host.applyConfig();
    await this.host.arrived(IDS);
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
      case "renew":
        return this.#renew(FLEET[step.member] as Member, step.meanwhile);
      case "look":
        await host.inspect(step.id);
        return;
      case "refresh":
        return host.applyConfig();
    }
  }

  /** What comes while a reload is under way does not wait for it, nor for each other. */
  async #renew(one: Member, meanwhile: readonly string[]): Promise<void> {
    if (!this.#isTried(one.id)) return;
    const begun = this.#gates.next();
    await this.#write(one, "slow");
    const all: Promise<unknown>[] = [this.host.reload(one.id)];
    await Promise.race([begun, ...all]).catch(() => {});
    // Asked for by name it stays, whatever the settings; see `take`.
    for (const what of one.id === "lazy" ? [] : meanwhile) all.push(this.#during(one.id, what));
    await Promise.allSettled(all);
  }

  #during(one: string, what: string): Promise<unknown> {
    switch (what) {
      case "off":
      case "on":
        return this.#enter(one, { enabled: what === "on" });
      case "settings":
        return this.#enter(one, { config: { priority: 7 } });
      case "feed":
        return this.#set({}, { feed: { step: 2 } });
      case "reload":
        return this.host.reload(one);
      case "open":
        return this.#gates.open();
      default:
        return this.host.applyConfig();
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
    if (record?.diagnostics.some(({ code }) => code === "import-slow")) return true;
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

/** What slow imports wait for. Whenever one comes to wait, the time passes that the others wait for it. */
class Gates {
  #waiting: (() => void)[] = [];
  #passing: Promise<unknown> = Promise.resolve();
  #isOpen = false;
  #came: () => void = () => {};

  /** Resolves when the next one comes to wait and the time has passed that others wait for it. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#came = resolve;
    });
  }

  /** From now on imports wait. */
  begin(letTimePass: () => Promise<void>): void {
    const push = (go: () => void) => {
      this.#waiting.push(go);
      this.#passing = this.#passing.then(letTimePass).then(() => {
        this.#came();
        if (this.#isOpen) void this.open();
      });
      return this.#waiting.length;
    };
    Object.assign(globalThis, { [GATES]: { push } });
  }

  /** Those that wait now go on. */
  async open(): Promise<void> {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** None has to wait for longer than the others wait for it, as long as `work` is not done. */
  async openFor(work: Promise<unknown>): Promise<void> {
    this.#isOpen = true;
    await this.open();
    await work;
    this.#isOpen = false;
  }

  /** None has to wait any more. */
  async end(): Promise<void> {
    Object.assign(globalThis, { [GATES]: undefined });
    await this.open();
    await this.#passing;
  }
}

function dense<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}
