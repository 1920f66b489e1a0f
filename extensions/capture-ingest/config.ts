import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isInside, SluiceError } from "sluice/plugin-sdk/foundation";
import { REQUESTS_IN_FLIGHT, REQUESTS_PER_MINUTE } from "./contract/limits.ts";
import { FOLDERS, SOURCE_TYPE_NAMES } from "./contract/source-types.ts";
import { type RedactionRule, redactionRules } from "./render/redact.ts";
import { hostZone, Zone } from "./render/zone.ts";

export const DEFAULT_TENANT = "default";
export const SEED_LISTENER = "127.0.0.1:8000";
const TENANT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export type CaptureErrorCode = "CAPTURE_CONFIG_INVALID";

export interface TenantConfig {
  id: string;
  /** Absolute. */
  vault: string;
  zone: Zone;
}

export interface ConfiguredKey {
  id: string;
  tenant: string;
  key: string;
}

/** The settings of `plugins.entries.capture-ingest.config`, checked and complete. */
export interface CaptureConfig {
  tenants: Map<string, TenantConfig>;
  keys: ConfiguredKey[];
  fileDay: "batch" | "receipt";
  strictDeviceId: boolean;
  enforceManifest: boolean;
  pluginsDir: string;
  /** `host:port` of the extra listener. */
  listen: string | undefined;
  /** True when the listener was asked for, so that failing to open it is worth an error. */
  listenAsked: boolean;
  limits: { requestsPerMinute: number; requestsInFlight: number };
  allowedOrigins: string[];
  /** Folders that may leave this machine although they are marked local or critical. */
  allowRemote: string[];
  redact: RedactionRule[];
  keepText: boolean;
  /** 0: for ever. */
  dedupeRetentionDays: number;
  stall: { enabled: boolean; leastMs: number; factor: number };
  search: boolean;
}

export interface ConfigPlaces {
  stateDir: string;
  /** `API_KEY` of the environment, where set. */
  environmentKey?: string | undefined;
}

/**
 * Reads the plugin's settings.
 *
 * @throws SluiceError `CAPTURE_CONFIG_INVALID` naming the setting and what to do
 */
export function readConfig(given: Readonly<Record<string, unknown>>, places: ConfigPlaces): CaptureConfig {
  const base = join(places.stateDir, "capture");
  const timezone = text(given, "timezone") ?? hostZone();
  const tenants = readTenants(given, timezone, join(base, "vault"));
  const limits = record(given["limits"]);
  const stall = record(given["stall"]);
  const retention = record(given["retention"]);
  const fileDay = text(given, "fileDay") ?? "batch";
  if (fileDay !== "batch" && fileDay !== "receipt") throw invalid("fileDay", 'must be "batch" or "receipt"');
  const listen = given["listen"];
  const keys = readKeys(given["keys"], tenants);
  if (places.environmentKey) keys.push({ id: "env", tenant: DEFAULT_TENANT, key: places.environmentKey });
  return {
    tenants,
    keys,
    fileDay,
    strictDeviceId: given["strictDeviceId"] === true,
    enforceManifest: given["enforceManifest"] === true,
    pluginsDir: absolute(text(given, "pluginsDir") ?? join(base, "plugins")),
    // The environment key is how the quick start names its key; it also expects its port.
    listen:
      typeof listen === "string"
        ? listen
        : listen === undefined && places.environmentKey
          ? SEED_LISTENER
          : undefined,
    listenAsked: typeof listen === "string",
    limits: {
      requestsPerMinute: positive(limits, "requestsPerMinute", REQUESTS_PER_MINUTE),
      requestsInFlight: positive(limits, "requestsInFlight", REQUESTS_IN_FLIGHT),
    },
    allowedOrigins: readOrigins(given["allowedOrigins"]),
    allowRemote: readFolders(given["allowRemote"]),
    redact: redactionRules(given["redact"], SOURCE_TYPE_NAMES),
    keepText: retention["keepText"] === true,
    dedupeRetentionDays: Math.max(0, Number(given["dedupeRetentionDays"] ?? 0)) || 0,
    stall: {
      enabled: stall["enabled"] !== false,
      leastMs: positive(stall, "leastHours", 24) * 3_600_000,
      factor: positive(stall, "factor", 4),
    },
    search: given["search"] !== false,
  };
}

function readTenants(given: Readonly<Record<string, unknown>>, timezone: string, fallback: string) {
  const tenants = new Map<string, TenantConfig>();
  const add = (id: string, vault: string, zoneName: string) => {
    if (!TENANT_ID.test(id)) throw invalid(`tenants.${id}`, "must be lower-case letters, digits, - and _");
    let zone: Zone;
    try {
      zone = new Zone(zoneName);
    } catch {
      throw invalid("timezone", `"${zoneName}" is not an IANA time zone, for example Europe/Paris`);
    }
    tenants.set(id, { id, vault: absolute(vault), zone });
  };
  for (const [id, value] of Object.entries(record(given["tenants"]))) {
    const tenant = record(value);
    const vault = text(tenant, "vault") ?? (id === DEFAULT_TENANT ? text(given, "vault") : undefined);
    if (vault === undefined) throw invalid(`tenants.${id}.vault`, "is required");
    add(id, vault, text(tenant, "timezone") ?? timezone);
  }
  if (!tenants.has(DEFAULT_TENANT)) add(DEFAULT_TENANT, text(given, "vault") ?? fallback, timezone);
  const list = [...tenants.values()];
  for (const a of list)
    for (const b of list)
      if (a !== b && isInside(a.vault, b.vault))
        throw invalid(
          `tenants.${b.id}.vault`,
          `lies in or equals the vault of tenant "${a.id}"; give each its own folder`,
        );
  return tenants;
}

function readKeys(given: unknown, tenants: ReadonlyMap<string, TenantConfig>): ConfiguredKey[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid("keys", "must be a list");
  return given.map((value, index) => {
    const entry = record(value);
    const tenant = text(entry, "tenant") ?? DEFAULT_TENANT;
    const key = text(entry, "key");
    const id = text(entry, "id") ?? `key-${index + 1}`;
    if (key === undefined) throw invalid(`keys[${index}].key`, "is required (text or a secret reference)");
    if (!tenants.has(tenant)) throw invalid(`keys[${index}].tenant`, `names no tenant: "${tenant}"`);
    return { id, tenant, key };
  });
}

function readOrigins(given: unknown): string[] {
  const origins = strings(given, "allowedOrigins");
  if (origins.some((origin) => origin.includes("*")))
    throw invalid("allowedOrigins", "must name each origin; a wildcard would let any page write");
  return origins;
}

function readFolders(given: unknown): string[] {
  const folders = strings(given, "allowRemote");
  const unknown = folders.find((folder) => !FOLDERS.has(folder));
  if (unknown !== undefined)
    throw invalid("allowRemote", `"${unknown}" is not one of ${[...FOLDERS.keys()].join(", ")}`);
  return folders;
}

/** `~` is the home folder; anything relative is taken from the working directory, once. */
function absolute(path: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
  return resolve(expanded);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function text(holder: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = holder[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function strings(value: unknown, name: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string"))
    throw invalid(name, "must be a list of texts");
  return value as string[];
}

function positive(holder: Readonly<Record<string, unknown>>, name: string, fallback: number): number {
  const value = holder[name];
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value > 0)) throw invalid(name, "must be a number above 0");
  return value;
}

function invalid(setting: string, what: string): SluiceError<CaptureErrorCode> {
  return new SluiceError("CAPTURE_CONFIG_INVALID", `capture-ingest setting ${setting} ${what}`, {
    details: { setting },
  });
}
