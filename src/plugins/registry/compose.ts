import type { HttpRouteRegistration } from "../../contracts/registrations.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import type { PluginDiagnostic, RegistryEntry, RegistryGeneration } from "../types.ts";
import { type DraftItem, entryOf, type RegistrationDraft } from "./draft.ts";
import { routesOverlap } from "./route-path.ts";
import { settledItems } from "./settle.ts";

/** Names that belong to the gateway itself, by kind. */
export type CoreNames = Readonly<Record<string, ReadonlySet<string>>>;

export interface PlacedDraft {
  readonly draft: RegistrationDraft;
  /** Position of the plugin in load order; decides who keeps a contested name. */
  readonly slot: number;
}

export interface Composition {
  readonly generation: RegistryGeneration;
  /** What the competition with other plugins cost, by plugin id. */
  readonly diagnostics: ReadonlyMap<string, readonly PluginDiagnostic[]>;
}

/** Entries made before, so that an unchanged contribution keeps its identity from generation to generation. */
export type EntryCache = WeakMap<DraftItem, RegistryEntry>;

/**
 * Builds a generation from the drafts of all active plugins: a pure function, so that any history of enabling,
 * disabling and reloading ends where a fresh start would (spec 2.13).
 */
export function compose(
  id: number,
  drafts: readonly PlacedDraft[],
  core: CoreNames,
  cache: EntryCache,
): Composition {
  const ordered = [...drafts].sort((a, b) => a.slot - b.slot);
  const builder = new GenerationBuilder(core, cache);
  for (const placed of ordered) builder.claimChannels(placed);
  for (const placed of ordered) builder.add(placed);
  return { generation: builder.build(id), diagnostics: builder.diagnostics };
}

class GenerationBuilder {
  readonly diagnostics = new Map<string, PluginDiagnostic[]>();
  readonly #core: CoreNames;
  readonly #cache: EntryCache;
  readonly #lists = new Map<string, RegistryEntry[]>();
  readonly #global = new Map<string, Map<string, RegistryEntry>>();
  readonly #own = new Map<string, RegistryEntry[]>();
  readonly #ownKeys = new Map<string, RegistryEntry>();
  /** Who has which of the names that are claimed besides keys. */
  readonly #claimed = new Map<string, string>();
  readonly #channelOwners = new Map<string, string>();
  readonly #channelLosers = new Set<string>();

  constructor(core: CoreNames, cache: EntryCache) {
    this.#core = core;
    this.#cache = cache;
  }

  /** A plugin that loses its channel loses its tools too: they would act without it. */
  claimChannels({ draft }: PlacedDraft): void {
    const { id } = draft.registrant;
    for (const { row, keys } of draft.items) {
      if (row.kind !== "channel") continue;
      const key = keys[0] as string;
      const owner = this.#channelOwners.get(key);
      if (owner === undefined) this.#channelOwners.set(key, id);
      else if (owner !== id) this.#channelLosers.add(id);
    }
  }

  add({ draft }: PlacedDraft): void {
    const { id } = draft.registrant;
    this.#own.set(id, []);
    const onTwice = ({ via, keys }: DraftItem) =>
      this.#diagnose(draft, "registration-duplicate", `${via.method}: "${keys[0]}" is registered twice`);
    for (const item of settledItems(draft, onTwice)) {
      if (item.row.kind === "tool" && this.#channelLosers.has(id)) {
        this.#diagnose(
          draft,
          "registration-duplicate",
          `tool "${item.keys[0]}" is refused with the plugin's channel`,
        );
        continue;
      }
      if (item.row.kind === "tool" && this.#core["tool"]?.has(id)) {
        this.#diagnose(
          draft,
          "reserved-name",
          `tool "${item.keys[0]}" is refused: the plugin's id "${id}" is the name of a tool of the gateway; choose another id`,
        );
        continue;
      }
      const keys = this.#freeKeys(item, draft);
      if (keys.length === 0 || !this.#claim(item, draft)) continue;
      this.#store(item, keys, draft);
    }
  }

  /** The names of an item nobody else owns; none when it loses to another plugin or to the host. */
  #freeKeys(item: DraftItem, draft: RegistrationDraft): readonly string[] {
    const { row } = item;
    if (row.scope === "plugin") return item.keys;
    const taken = item.keys.filter((key) => {
      const owner = this.#ownerOf(row.kind, key);
      if (owner === undefined) return false;
      this.#diagnose(
        draft,
        "registration-duplicate",
        `${item.via.method}: "${key}" already belongs to ${owner}`,
      );
      return true;
    });
    if (taken.length === item.keys.length || (taken.length > 0 && !row.sharesPartly)) return [];
    if (row.kind === "httpRoute" && this.#overlaps(item, draft)) return [];
    return item.keys.filter((key) => !taken.includes(key));
  }

  /** False when somebody has one of the names already. */
  #claim(item: DraftItem, draft: RegistrationDraft): boolean {
    const { row, value, via } = item;
    const claims = row.claims?.(value) ?? [];
    const nameOf = (claim: string) => `${row.kind}\0${claim}`;
    const taken = claims.find((claim) => this.#claimed.has(nameOf(claim)));
    if (taken !== undefined) {
      const owner = this.#claimed.get(nameOf(taken));
      const message = `${via.method}: "${taken}" already belongs to plugin "${owner}"`;
      this.#diagnose(draft, "registration-duplicate", message);
      return false;
    }
    for (const claim of claims) this.#claimed.set(nameOf(claim), draft.registrant.id);
    return true;
  }

  #ownerOf(kind: string, key: string): string | undefined {
    if (this.#core[kind]?.has(key)) return "the gateway";
    const entry = this.#global.get(kind)?.get(key);
    return entry ? `plugin "${entry.pluginId}"` : undefined;
  }

  #overlaps(item: DraftItem, draft: RegistrationDraft): boolean {
    const route = item.value as HttpRouteRegistration;
    for (const entry of this.#lists.get("httpRoute") ?? []) {
      const other = entry.value as HttpRouteRegistration;
      if (other.auth === route.auth || !routesOverlap(other, route)) continue;
      this.#diagnose(
        draft,
        "route-overlap",
        `HTTP route ${route.path} overlaps ${other.path} of plugin "${entry.pluginId}", which has auth "${other.auth}"`,
      );
      return true;
    }
    return false;
  }

  #store(item: DraftItem, keys: readonly string[], draft: RegistrationDraft): void {
    const entry = this.#cache.get(item) ?? entryOf(item, draft.registrant);
    this.#cache.set(item, entry);
    const { kind, scope } = item.row;
    push(this.#lists, kind, entry);
    this.#own.get(entry.pluginId)?.push(entry);
    for (const key of keys) {
      this.#ownKeys.set(`${kind}\0${entry.pluginId}\0${key}`, entry);
      if (scope === "plugin") continue;
      const owners = this.#global.get(kind) ?? new Map<string, RegistryEntry>();
      this.#global.set(kind, owners.set(key, entry));
    }
  }

  #diagnose({ registrant }: RegistrationDraft, code: DiagnosticCode, message: string): void {
    push(this.diagnostics, registrant.id, {
      level: "error",
      code,
      message,
      pluginId: registrant.id,
      source: registrant.source,
    });
  }

  build(id: number): RegistryGeneration {
    const lists = this.#lists;
    const global = this.#global;
    const own = this.#own;
    const ownKeys = this.#ownKeys;
    for (const list of [...lists.values(), ...own.values()]) Object.freeze(list);
    return Object.freeze({
      id,
      list: <T>(kind: string) => (lists.get(kind) ?? NONE) as readonly RegistryEntry<T>[],
      get: <T>(kind: string, key: string, pluginId?: string) =>
        (pluginId === undefined ? global.get(kind)?.get(key) : ownKeys.get(`${kind}\0${pluginId}\0${key}`)) as
          | RegistryEntry<T>
          | undefined,
      ofPlugin: (pluginId: string) => own.get(pluginId) ?? NONE,
    });
  }
}

const NONE: readonly RegistryEntry[] = Object.freeze([]);

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
