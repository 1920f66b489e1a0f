import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AuthProfileCredential, AuthProfileStore, ProfileUsage } from "../../contracts/auth-profiles.ts";
import { isRecord } from "./catalogue.ts";
import { normalizeProviderId } from "./model-ref.ts";

const STORE_VERSION = 1;
/** Where an agent folder keeps its sign-ins. */
export const PROFILES_FILE_NAME = "auth-profiles.json";
/** Kinds of sign-ins in the order they are tried. */
const TYPES = ["oauth", "token", "api_key"];

/**
 * The sign-ins in `auth-profiles.json` of agents' folders, those of the first folder over the others'; a
 * folder without that file has none. A private copy: what is changed in it changes nothing else. Reads files
 * at once, as the contract has it: not for request paths.
 *
 * @throws when a file is there and cannot be read as JSON
 */
export function readAuthProfiles(folders: readonly string[]): AuthProfileStore {
  return mergeProfiles([...new Set(folders)].map(readStore).reverse());
}

/** Several stores as one; later ones go over earlier ones. */
export function mergeProfiles(stores: readonly Partial<AuthProfileStore>[]): AuthProfileStore {
  const order = merged(stores.map((store) => store.order));
  const usageStats = merged(stores.map((store) => store.usageStats));
  return {
    version: STORE_VERSION,
    profiles: merged(stores.map((store) => store.profiles)) ?? {},
    ...(order ? { order } : {}),
    ...(usageStats ? { usageStats } : {}),
  };
}

function merged<T>(parts: readonly (Record<string, T> | undefined)[]): Record<string, T> | undefined {
  return parts.some((part) => part !== undefined) ? Object.assign({}, ...parts) : undefined;
}

function readStore(folder: string): Partial<AuthProfileStore> {
  try {
    return readProfiles(readFileSync(join(folder, PROFILES_FILE_NAME), "utf8"));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    return {};
  }
}

/** The text of a file of sign-ins. @throws when it is no JSON */
export function readProfiles(text: string): Partial<AuthProfileStore> {
  const stored: unknown = JSON.parse(text);
  if (!isRecord(stored)) return {};
  const part = (name: string) => (isRecord(stored[name]) ? { [name]: stored[name] } : {});
  const profiles = Object.entries(isRecord(stored["profiles"]) ? stored["profiles"] : {}).filter(
    (entry): entry is [string, AuthProfileCredential] => isCredential(entry[1]),
  );
  return { profiles: Object.fromEntries(profiles), ...part("order"), ...part("usageStats") };
}

function isCredential(value: unknown): value is AuthProfileCredential {
  return isRecord(value) && typeof value["provider"] === "string" && typeof value["type"] === "string";
}

/** What the order of sign-ins depends on. */
export interface ProfileQuestion {
  store: AuthProfileStore;
  provider: string;
  /** `auth.order` and `auth.profiles` count. */
  config: Readonly<Record<string, unknown>>;
  /** The provider whose sign-ins another one uses. */
  authProviderOf(provider: string): string;
  /** Milliseconds since 1970. */
  now: number;
}

/** Ids of the sign-ins a provider may use, as stored. */
export function profilesOf({
  store,
  provider,
  authProviderOf,
}: Pick<ProfileQuestion, "store" | "provider" | "authProviderOf">): string[] {
  const wanted = authProviderOf(provider);
  return Object.entries(store.profiles)
    .filter(([, credential]) => authProviderOf(credential.provider) === wanted)
    .map(([profileId]) => profileId);
}

/**
 * The sign-ins a provider is tried with (spec 2.6): the stored order, `auth.order`, those `auth.profiles`
 * declares, else all of them by kind and the least recently used first. Those that pause go last, the one
 * that is back first before the others.
 */
export function orderedProfiles(question: ProfileQuestion): string[] {
  const { store, config, now } = question;
  const known = profilesOf(question);
  const explicit = stated(question, store.order) ?? stated(question, section(config, "auth", "order"));
  const declared = Object.keys(section(config, "auth", "profiles")).filter((id) => known.includes(id));
  const rotating = () =>
    [...known].sort((a, b) => rankOf(store, a) - rankOf(store, b) || usedAt(store, a) - usedAt(store, b));
  const chosen = explicit
    ? [...new Set(explicit)].filter((id) => known.includes(id))
    : declared.length > 0
      ? declared
      : rotating();
  const pause = (id: string) => Math.max(pausedUntil(store.usageStats?.[id]) - now, 0);
  return chosen.sort((a, b) => pause(a) - pause(b));
}

function stated(
  { provider, authProviderOf }: ProfileQuestion,
  orders: Readonly<Record<string, unknown>> | undefined,
): string[] | undefined {
  const entries = Object.entries(orders ?? {});
  const own = entries.find(([id]) => normalizeProviderId(id) === normalizeProviderId(provider));
  const lent = entries.find(([id]) => normalizeProviderId(id) === authProviderOf(provider));
  const order = (own ?? lent)?.[1];
  return Array.isArray(order) ? order.filter((id): id is string => typeof id === "string") : undefined;
}

function section(config: ProfileQuestion["config"], ...path: string[]): Record<string, unknown> {
  let value: unknown = config;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  return isRecord(value) ? value : {};
}

function rankOf(store: AuthProfileStore, profileId: string): number {
  const rank = TYPES.indexOf(store.profiles[profileId]?.type ?? "");
  return rank < 0 ? TYPES.length : rank;
}

function usedAt(store: AuthProfileStore, profileId: string): number {
  return store.usageStats?.[profileId]?.lastUsed ?? 0;
}

function pausedUntil(usage: ProfileUsage | undefined): number {
  return Math.max(usage?.cooldownUntil ?? 0, usage?.disabledUntil ?? 0);
}
