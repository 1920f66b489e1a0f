/** Members of the process that end it, or that everybody shares. */
const PROCESS_MEMBERS = ["exit", "abort", "kill", "chdir", "umask"] as const;
/** Without them the gateway does not survive errors or does not hear that it should stop. */
const EVENTS = ["uncaughtException", "unhandledRejection", "SIGTERM", "SIGINT", "exit"] as const;
/** Variables that decide what is run and who is trusted, for the gateway and every program it starts. */
const GUARDED_VARIABLES =
  /^(PATH|NODE_OPTIONS|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|LD_.*|DYLD_.*)$/i;
const SHOWN_NAMES = 5;
const LONGEST_SHOWN_NAME = 64;

/** Every plugin and the gateway rely on these. Additions to the first two would show up in everything. */
const GUARDED: readonly (readonly [string, object])[] = [
  ["Object.prototype", Object.prototype],
  ["JSON", JSON],
  ["console", console],
];
/** Libraries fill gaps here, so what changes is named and left. */
const WATCHED: readonly (readonly [string, object])[] = [
  ["Array.prototype", Array.prototype],
  ["Function.prototype", Function.prototype],
  ["String.prototype", String.prototype],
  ["Promise.prototype", Promise.prototype],
  ["globalThis", globalThis],
];

type Members = ReadonlyMap<PropertyKey, PropertyDescriptor>;

/**
 * Notices what a plugin does to the process while it loads, where all plugins and the gateway share one. What
 * would harm the others is put back at once; everything is named. While the import of one plugin goes on,
 * others may load: what happens then is named at each of them as something that one of them did.
 */
export class Surroundings {
  readonly #report: (pluginId: string, message: string) => void;
  /** Plugins that load now, by an object of each load: two loads may be of one plugin. */
  readonly #loading = new Map<object, string>();
  /** How things were when the last of them came or went. */
  #before: Look | undefined;

  constructor(report: (pluginId: string, message: string) => void) {
    this.#report = report;
  }

  async around<T>(pluginId: string, work: () => Promise<T>): Promise<T> {
    const leave = this.enter(pluginId);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Watches until the function that is returned is called. */
  enter(pluginId: string): () => void {
    const load = {};
    this.#settle();
    this.#loading.set(load, pluginId);
    this.#before = new Look();
    return () => {
      if (!this.#loading.has(load)) return;
      this.#settle();
      this.#loading.delete(load);
      this.#before = this.#loading.size > 0 ? new Look() : undefined;
    };
  }

  #settle(): void {
    const changes = this.#before?.settle() ?? [];
    if (changes.length === 0) return;
    const ids = [...new Set(this.#loading.values())];
    const what = changes.join("; ");
    for (const id of ids) {
      const others = ids.filter((other) => other !== id).map((other) => `"${other}"`);
      const who = others.length === 0 ? "it" : `it or ${others.join(" or ")}, which loaded at the same time,`;
      this.#report(id, `while it loaded ${who} ${what}`);
    }
  }
}

/** The process at one moment. */
class Look {
  readonly #guarded = GUARDED.map(([name, object]) => ({ name, object, members: membersOf(object) }));
  readonly #watched = WATCHED.map(([name, object]) => ({ name, object, members: membersOf(object) }));
  readonly #process = PROCESS_MEMBERS.map((name) => [name, process[name]] as const);
  readonly #listeners = EVENTS.map((event) => [event, process.rawListeners(event as "exit")] as const);
  readonly #variables = guardedVariables();
  readonly #folder = process.cwd();

  /** Puts back what must not change and says, as parts of a sentence, what did. */
  settle(): readonly string[] {
    const said: string[] = [];
    for (const { name, object, members } of this.#guarded) {
      const changed = changedSince(members, object);
      for (const key of changed) putBack(object, key, members.get(key));
      if (changed.length > 0) said.push(`changed ${listed(name, changed)}, which was put back`);
    }
    for (const { name, object, members } of this.#watched) {
      const changed = changedSince(members, object).filter(
        // A global of one's own is in nobody's way.
        (key) => object !== globalThis || members.has(key),
      );
      if (changed.length > 0) said.push(`changed ${listed(name, changed)} for everybody`);
    }
    for (const [name, member] of this.#process) {
      if (process[name] === member) continue;
      Object.assign(process, { [name]: member });
      said.push(`replaced process.${name}, which was put back`);
    }
    for (const [event, listeners] of this.#listeners) {
      const now = process.rawListeners(event as "exit");
      const removed = listeners.filter((listener) => !now.includes(listener));
      for (const listener of removed) process.on(event as "exit", listener as () => void);
      if (removed.length > 0) said.push(`removed listeners of "${event}", which were put back`);
    }
    for (const name of new Set([...this.#variables.keys(), ...guardedVariables().keys()])) {
      const value = this.#variables.get(name);
      if (process.env[name] === value) continue;
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
      said.push(`set the variable ${name}, which was put back`);
    }
    if (process.cwd() !== this.#folder) {
      process.chdir(this.#folder);
      said.push("left the working directory, which was put back");
    }
    return said;
  }
}

function membersOf(object: object): Members {
  const members = new Map<PropertyKey, PropertyDescriptor>();
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === "symbol") continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
    if (descriptor) members.set(key, descriptor);
  }
  return members;
}

function changedSince(before: Members, object: object): readonly PropertyKey[] {
  const after = membersOf(object);
  const changed = [...before.keys()].filter((key) => !after.has(key));
  for (const [key, { value, get, set }] of after) {
    const known = before.get(key);
    // Node builds some globals when they are first asked for: a getter that became a value is no change.
    const built = known?.get !== undefined && get === undefined;
    const same = Object.is(known?.value, value) && known?.get === get && known?.set === set;
    if (!known || (!same && !built)) changed.push(key);
  }
  return changed;
}

function putBack(object: object, key: PropertyKey, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor) Reflect.defineProperty(object, key, descriptor);
  else Reflect.deleteProperty(object, key);
}

function guardedVariables(): ReadonlyMap<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) => GUARDED_VARIABLES.test(name));
  return new Map(names.map((name) => [name, process.env[name]]));
}

function listed(name: string, keys: readonly PropertyKey[]): string {
  const shown = keys
    .slice(0, SHOWN_NAMES)
    .map((key) => `${name}.${String(key).slice(0, LONGEST_SHOWN_NAME)}`);
  const more = keys.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
