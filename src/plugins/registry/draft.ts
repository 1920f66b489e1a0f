import { SluiceError } from "../../kernel/errors.ts";
import { diagnosticText, hasControlCharacters } from "../diagnostic-text.ts";
import { bindValue } from "../loading/bind-value.ts";
import type { PluginInstance } from "../loading/instance.ts";
import type { PluginDiagnostic, RegistryEntry } from "../types.ts";
import { isRefused } from "./checks.ts";
import { runtimeName } from "./kinds/tools.ts";
import { kindRow } from "./kinds.ts";
import { type KindRow, malformed, type Note, type Refused, type Registrant, refuse } from "./row.ts";

export type DraftErrorCode = "TOO_MANY_REGISTRATIONS";

/** Contributions one plugin may make; one more fails it. */
export const MAX_REGISTRATIONS_PER_PLUGIN = 1_024;

/** Names all of a plugin's contributions may claim together; one contribution may claim many. */
export const MAX_NAMES_PER_PLUGIN = 16_384;

/** Longest name a contribution may claim. */
export const MAX_NAME_LENGTH = 1_024;

/** One contribution before it competes with those of other plugins. */
export interface DraftItem {
  /** The row of the kind it is stored as. */
  readonly row: KindRow;
  /** The method that was called. */
  readonly via: KindRow;
  readonly keys: readonly string[];
  /** Its keys may be claimed by others of its plugin. */
  readonly nameless: boolean;
  readonly index: number;
  readonly value: unknown;
  /** The value as the plugin gave it, for rules that compare identity. */
  readonly original: unknown;
}

/**
 * What one plugin registered, checked by the rules that concern it alone. A draft never touches the registry:
 * throwing it away is the roll-back.
 */
export class RegistrationDraft {
  readonly registrant: Registrant;
  readonly instance: PluginInstance;
  /** Grows in place: a copy for each registration would cost as much as thousands of them. */
  #items: DraftItem[] = [];
  readonly #diagnostics: PluginDiagnostic[] = [];
  readonly #noted = new Set<string>();
  #next = 0;
  /** What was refused counts too: checking costs as much. */
  #refused = 0;
  #names = 0;
  /** Who has a key of a kind. */
  readonly #held = new Map<string, DraftItem>();
  #unnamed = 0;
  readonly #declared = new Map<string, ReadonlySet<string>>();

  constructor(registrant: Omit<Registrant, "report">, instance: PluginInstance) {
    this.registrant = Object.create(registrant, {
      report: { value: (note: Note) => this.note(note) },
    }) as Registrant;
    this.instance = instance;
  }

  get items(): readonly DraftItem[] {
    return this.#items;
  }

  get diagnostics(): readonly PluginDiagnostic[] {
    return this.#diagnostics;
  }

  /** Checks and keeps one registration. Returns its item, or `undefined` when it was refused. */
  add(row: KindRow, args: readonly unknown[]): DraftItem | undefined {
    if (this.#items.length + this.#refused >= MAX_REGISTRATIONS_PER_PLUGIN) {
      throw new SluiceError<DraftErrorCode>(
        "TOO_MANY_REGISTRATIONS",
        `plugin "${this.registrant.id}" registers more than ${MAX_REGISTRATIONS_PER_PLUGIN} things`,
      );
    }
    const distrust = this.#checkTrust(row);
    if (distrust) return this.#refuse(distrust);
    const read = row.read(args, this.registrant);
    if (isRefused(read)) return this.#refuse(read);
    const undeclared = this.#checkContract(row, read.value) ?? this.#checkReserved(row, read.keys);
    if (undeclared) return this.#refuse(undeclared);
    if (read.keys.some((key) => key.length > MAX_NAME_LENGTH)) {
      return this.#refuse(malformed(`${row.method}: a name is longer than ${MAX_NAME_LENGTH} characters`));
    }
    if (read.keys.some(hasControlCharacters)) {
      return this.#refuse(malformed(`${row.method}: a name holds control characters`));
    }
    const nameless = read.nameless === true;
    const keys = nameless ? this.#keysLeft(row, read.keys) : read.keys;
    if (!nameless) this.#claim(row, keys);
    this.#names += read.keys.length;
    if (this.#names > MAX_NAMES_PER_PLUGIN) {
      throw new SluiceError<DraftErrorCode>(
        "TOO_MANY_REGISTRATIONS",
        `plugin "${this.registrant.id}" claims more than ${MAX_NAMES_PER_PLUGIN} names`,
      );
    }
    for (const note of read.notes ?? []) this.note(note);
    if (row.unconsumed) {
      this.note({
        level: "info",
        code: "feature-accepted-not-consumed",
        message: `${row.method} is stored; this version does not use it yet`,
      });
    }
    const stored = row.storedAs ? kindRow(row.storedAs) : row;
    const at = row.merge ? this.#items.findIndex((one) => one.via === row && one.original === args[0]) : -1;
    const same = this.#items[at];
    const value = same ? row.merge?.(same.value, read.value) : read.value;
    const item: DraftItem = {
      row: stored,
      via: row,
      keys,
      nameless,
      index: same?.index ?? this.#next++,
      value: bindValue(this.instance, value, read),
      original: args[0],
    };
    if (same) this.#items[at] = item;
    else this.#items.push(item);
    for (const key of keys) this.#held.set(`${row.kind}\0${key}`, item);
    return item;
  }

  /** Takes one contribution back; used for registrations made while running. */
  remove(item: DraftItem): boolean {
    const before = this.#items.length;
    this.#items = this.#items.filter((other) => other !== item);
    if (this.#items.length === before) return false;
    this.#names -= item.keys.length;
    for (const key of item.keys) this.#held.delete(`${item.row.kind}\0${key}`);
    return true;
  }

  note({ level, code, message: said }: Note): void {
    const { id, source } = this.registrant;
    const message = diagnosticText(said);
    if (this.#diagnostics.length >= MAX_REGISTRATIONS_PER_PLUGIN) return;
    const key = `${code}\0${message}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.#diagnostics.push({ level, code, message, pluginId: id, source });
  }

  #refuse({ refused }: Refused): undefined {
    this.#refused++;
    for (const note of refused) this.note(note);
    return undefined;
  }

  /** The authority split (spec 5), for every kind in one place. */
  #checkTrust(row: KindRow): Refused | undefined {
    const { id, origin, explicitlyEnabled } = this.registrant;
    if (origin === "bundled" || !row.trust) return undefined;
    if (row.trust === "bundled") {
      return refuse("bundled-only", `${row.method} is for plugins that come with the gateway`);
    }
    if (explicitlyEnabled) return undefined;
    return refuse(
      "explicit-enablement-required",
      `${row.method} needs your consent: set plugins.entries.${id}.enabled to true`,
    );
  }

  #checkContract(row: KindRow, value: unknown): Refused | undefined {
    const { contract } = row;
    const { origin, manifest } = this.registrant;
    if (!contract || (contract.externalOnly && origin === "bundled")) return undefined;
    const declared = this.#declaredIn([contract.key, ...(contract.or ?? [])]);
    const missing = contract.names(value).filter((name) => !declared.has(name.trim()));
    if (missing.length === 0) return undefined;
    const names = missing.map((name) => `"${name}"`).join(", ");
    const message = `${row.method}: list ${names} in "contracts.${contract.key}" of the manifest`;
    if (contract.lenientWithoutContracts && !manifest.declaresContracts) {
      this.note({ level: "warn", code: "compat-undeclared-contract", message });
      return undefined;
    }
    return refuse("contract-undeclared", message);
  }

  /** What these lists of the manifest name; made once, however many registrations ask. */
  #declaredIn(lists: readonly string[]): ReadonlySet<string> {
    const key = lists.join();
    const { contracts } = this.registrant.manifest;
    const known =
      this.#declared.get(key) ?? new Set(lists.flatMap((list) => contracts[list] ?? []).map(runtimeName));
    this.#declared.set(key, known);
    return known;
  }

  /** Of the keys a nameless contribution may turn out to have, those nobody of this plugin has; else one of its own. */
  #keysLeft({ kind }: KindRow, keys: readonly string[]): readonly string[] {
    const left = keys.filter((key) => !this.#held.has(`${kind}\0${key}`));
    if (left.length > 0) return left;
    this.#unnamed += 1;
    return [`${this.registrant.id}:unnamed${this.#unnamed === 1 ? "" : `:${this.#unnamed}`}`];
  }

  /** A contribution that says its name takes it from the one that does not. */
  #claim(row: KindRow, keys: readonly string[]): void {
    for (const key of keys) {
      const holder = this.#held.get(`${row.kind}\0${key}`);
      const at = holder?.nameless ? this.#items.indexOf(holder) : -1;
      if (!holder || at < 0) continue;
      const left = holder.keys.filter((held) => held !== key);
      const kept = { ...holder, keys: left.length > 0 ? left : this.#keysLeft(row, []) };
      this.#items[at] = kept;
      for (const held of kept.keys) this.#held.set(`${row.kind}\0${held}`, kept);
    }
  }

  #checkReserved(row: KindRow, keys: readonly string[]): Refused | undefined {
    const taken = keys.find((key) => row.reserved?.has(key));
    return taken ? refuse("reserved-name", `${row.method}: "${taken}" belongs to the host`) : undefined;
  }
}

/** The registry's view of an item. */
export function entryOf(item: DraftItem, registrant: Registrant): RegistryEntry {
  return Object.freeze({
    kind: item.row.kind,
    key: item.keys[0] as string,
    pluginId: registrant.id,
    pluginName: registrant.name,
    source: registrant.source,
    rootDir: registrant.rootDir,
    origin: registrant.origin,
    value: item.value,
    ordinal: item.index,
  });
}
