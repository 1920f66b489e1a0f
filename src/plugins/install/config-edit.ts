import { DEFAULT_SLOTS, type SlotName } from "../activation/plugin-settings.ts";
import { policyId } from "../discovery/candidate.ts";
import { isPlain } from "../manifest/fields.ts";
import type { PresentPlugin, Removal } from "./types.ts";

/** A configuration that is being written. */
export type Draft = Record<string, unknown>;

const SLOT_OF_KIND: Readonly<Record<string, SlotName>> = {
  memory: "memory",
  "context-engine": "contextEngine",
};

/**
 * Turns plugins on (spec 2.6, 2.7): their entries, the allowlist when one is in use, the denylist, and the
 * exclusive slot of their kind. Returns what else changed, for people. An allowlist may be preserved.
 */
export function enableIn(
  draft: Draft,
  ids: readonly string[],
  present: readonly PresentPlugin[],
  allowlist: "extend" | "preserve" = "extend",
): string[] {
  const plugins = child(draft, "plugins");
  const notes: string[] = [];
  for (const id of ids) {
    entryIn(plugins, id)["enabled"] = true;
    if (listOf(plugins, "allow").length > 0 && !names(plugins, "allow", id)) {
      if (allowlist === "extend") listOf(plugins, "allow").push(id);
      else notes.push(`plugins.allow does not name "${id}": it stays off until it does`);
    }
    drop(plugins, "deny", id);
    const own = present.find((plugin) => same(plugin.id, id));
    for (const kind of own?.kinds ?? []) notes.push(...takeSlot(plugins, id, kind, present));
  }
  if (plugins["enabled"] === false) notes.push("plugins.enabled is false: no plugin runs until it is true");
  for (const id of ids) {
    const own = present.find((plugin) => same(plugin.id, id));
    const off = (own?.channels ?? []).filter((channel) => settingOf(draft, channel)?.["enabled"] === false);
    if (off.length > 0)
      notes.push(`channels.${off[0]}.enabled is false: the plugin stays off until it is true`);
  }
  return notes;
}

/** Turns plugins off and frees the slots they hold. Their settings stay. */
export function disableIn(draft: Draft, ids: readonly string[]): void {
  const plugins = child(draft, "plugins");
  for (const id of ids) {
    entryIn(plugins, id)["enabled"] = false;
    freeSlots(plugins, id);
  }
}

/**
 * Forgets plugins (spec 2.15): entry, allow and deny lists, slots. `{ enabled: false }` stays as the mark of
 * an uninstalled plugin, also for channels whose settings are kept, so that nothing calls them unknown.
 */
export function forgetIn(draft: Draft, ids: readonly string[], removal: Removal, loadPath?: string): void {
  const plugins = child(draft, "plugins");
  const entries = child(plugins, "entries");
  for (const id of ids) {
    const key = keyOf(entries, id);
    entries[key] =
      removal.keepConfig && isPlain(entries[key]) ? { ...entries[key], enabled: false } : { enabled: false };
    drop(plugins, "deny", id);
    // An allowlist that runs empty would let everybody in: the last name stays, though it means nobody.
    if (listOf(plugins, "allow").length > 1) drop(plugins, "allow", id);
    freeSlots(plugins, id);
  }
  for (const channel of removal.channels) {
    if (settingOf(draft, channel) === undefined) continue;
    if (removal.purgeChannels) delete child(draft, "channels")[channel];
    else if (!Object.hasOwn(entries, channel)) entries[channel] = { enabled: false };
  }
  if (loadPath !== undefined) {
    const load = child(plugins, "load");
    if (Array.isArray(load["paths"])) load["paths"] = load["paths"].filter((path) => path !== loadPath);
    if (Object.keys(load).length === 0) delete plugins["load"];
  }
}

function takeSlot(plugins: Draft, id: string, kind: string, present: readonly PresentPlugin[]): string[] {
  const slot = SLOT_OF_KIND[kind];
  if (!slot) return [];
  const slots = child(plugins, "slots");
  const owner = typeof slots[slot] === "string" ? (slots[slot] as string) : DEFAULT_SLOTS[slot];
  if (same(owner, id)) return [];
  if (same(DEFAULT_SLOTS[slot], id)) delete slots[slot];
  else slots[slot] = id;
  // The default context engine is a part of the gateway, the default memory a plugin like others.
  const isThere =
    same(owner, DEFAULT_SLOTS["contextEngine"]) || present.some((other) => same(other.id, owner));
  const notes = [`${id} takes the slot "${slot}"${isThere ? ` from ${owner}` : ", which nobody had"}`];
  for (const other of present) {
    if (
      same(other.id, id) ||
      !other.enabled ||
      !other.kinds.includes(kind) ||
      ownsOther(slots, other.id, slot)
    )
      continue;
    entryIn(plugins, other.id)["enabled"] = false;
    notes.push(`${other.id} is off now: only one plugin of kind ${kind} can run`);
  }
  return notes;
}

function ownsOther(slots: Draft, id: string, slot: SlotName): boolean {
  return Object.entries(slots).some(
    ([name, owner]) => name !== slot && typeof owner === "string" && same(owner, id),
  );
}

function freeSlots(plugins: Draft, id: string): void {
  if (!isPlain(plugins["slots"])) return;
  const slots = child(plugins, "slots");
  for (const [name, owner] of Object.entries(slots))
    if (typeof owner === "string" && same(owner, id)) delete slots[name];
  if (Object.keys(slots).length === 0) delete plugins["slots"];
}

function entryIn(plugins: Draft, id: string): Draft {
  const entries = child(plugins, "entries");
  return child(entries, keyOf(entries, id));
}

/** The spelling that is in use already. */
function keyOf(entries: Draft, id: string): string {
  return Object.keys(entries).find((key) => same(key, id)) ?? id;
}

function settingOf(draft: Draft, channel: string): Draft | undefined {
  const channels = draft["channels"];
  if (!isPlain(channels) || !Object.hasOwn(channels, channel)) return undefined;
  return isPlain(channels[channel]) ? (channels[channel] as Draft) : {};
}

function child(parent: Draft, key: string): Draft {
  if (!isPlain(parent[key])) parent[key] = {};
  return parent[key] as Draft;
}

function listOf(plugins: Draft, key: string): unknown[] {
  return Array.isArray(plugins[key]) ? (plugins[key] as unknown[]) : [];
}

function names(plugins: Draft, key: string, id: string): boolean {
  return listOf(plugins, key).some((one) => typeof one === "string" && same(one, id));
}

function drop(plugins: Draft, key: string, id: string): void {
  if (!names(plugins, key, id)) return;
  plugins[key] = listOf(plugins, key).filter((one) => typeof one !== "string" || !same(one, id));
}

function same(a: string, b: string): boolean {
  return policyId(a) === policyId(b);
}
