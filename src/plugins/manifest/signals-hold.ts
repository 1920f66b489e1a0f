import type {
  ManifestAuthSignal,
  ManifestConfigSignal,
  ManifestSignals,
} from "../../contracts/capability-metadata.ts";
import { valueAt } from "../config/config-path.ts";
import { isPlain, type Plain, text } from "./fields.ts";

/** What signs are compared with. */
export interface SignalFacts {
  readonly config: Plain;
  /** Whether there is a key or a sign-in for a model provider. */
  hasAuth(provider: string): boolean;
}

/** Whether something is set up as its manifest wants it: one sign that is true is enough, and so are none at all. */
export function signalsHold({ configSignals, authSignals }: ManifestSignals, facts: SignalFacts): boolean {
  if (configSignals.length === 0 && authSignals.length === 0) return true;
  return (
    configSignals.some((signal) => configSignalHolds(signal, facts.config)) ||
    authSignals.some((signal) => authSignalHolds(signal, facts))
  );
}

/** What would make {@link signalsHold} true, one text for each sign. */
export function signalNeeds({ configSignals, authSignals }: ManifestSignals): readonly string[] {
  return [...configSignals.map(configNeed), ...authSignals.map(authNeed)];
}

/**
 * Settings below `rootPath`, with those of `overlayPath` over them and, where there is an `overlayMapPath`, those
 * of one of its entries over both (spec 1.12).
 */
function configSignalHolds(signal: ManifestConfigSignal, config: Plain): boolean {
  const root = valueAt(config, signal.rootPath);
  if (!isPlain(root)) return false;
  const overlay = signal.overlayPath === undefined ? undefined : valueAt(root, signal.overlayPath);
  const settings = isPlain(overlay) ? { ...root, ...overlay } : root;
  if (signal.overlayMapPath === undefined) return conditionsHold(signal, settings);
  const entries = valueAt(root, signal.overlayMapPath);
  if (!isPlain(entries)) return false;
  return Object.values(entries).some(
    (entry) => isPlain(entry) && conditionsHold(signal, { ...settings, ...entry }),
  );
}

function conditionsHold(
  { required = [], requiredAny, mode }: ManifestConfigSignal,
  settings: Plain,
): boolean {
  const isThere = (path: string) => isConfigured(valueAt(settings, path));
  if (!required.every(isThere)) return false;
  if (requiredAny && !requiredAny.some(isThere)) return false;
  if (!mode) return true;
  const chosen = text(valueAt(settings, mode.path)) ?? mode.default;
  if (mode.allowed && (chosen === undefined || !mode.allowed.includes(chosen))) return false;
  return !(chosen !== undefined && mode.disallowed?.includes(chosen));
}

/** A text with nothing in it is no setting, nor is an empty list or table; a reference to a secret is one. */
function isConfigured(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "";
  if (Array.isArray(value)) return value.length > 0;
  if (isPlain(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null;
}

function authSignalHolds({ provider, providerBaseUrl }: ManifestAuthSignal, facts: SignalFacts): boolean {
  if (!facts.hasAuth(provider)) return false;
  if (!providerBaseUrl) return true;
  const configured =
    configuredBaseUrl(facts.config, providerBaseUrl.provider) ?? providerBaseUrl.defaultBaseUrl;
  if (configured === undefined) return false;
  return providerBaseUrl.allowedBaseUrls.some((allowed) => sameAddress(allowed, configured));
}

function configuredBaseUrl(config: Plain, provider: string): string | undefined {
  const rows = valueAt(config, "models.providers");
  if (!isPlain(rows)) return undefined;
  const wanted = provider.toLowerCase();
  const row = Object.entries(rows).find(([id]) => id.trim().toLowerCase() === wanted)?.[1];
  return isPlain(row) ? text(row["baseUrl"]) : undefined;
}

function sameAddress(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other);
}

function withoutSlash(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).replace(/\/+$/, "");
}

function configNeed({ rootPath, overlayPath, overlayMapPath, ...conditions }: ManifestConfigSignal): string {
  const { required = [], requiredAny = [], mode } = conditions;
  const entry = overlayMapPath === undefined ? overlayPath : `${overlayMapPath}.*`;
  const place = entry === undefined ? rootPath : `${rootPath}.${entry}`;
  const wanted = [
    ...(required.length > 0 ? [required.join(" and ")] : []),
    ...(requiredAny.length > 0 ? [requiredAny.join(" or ")] : []),
    ...(mode?.allowed ? [`${mode.path} ${mode.allowed.join(" or ")}`] : []),
    ...(mode?.disallowed ? [`${mode.path} other than ${mode.disallowed.join(" or ")}`] : []),
  ];
  return `${place}: ${wanted.join("; ")}`;
}

function authNeed({ provider, providerBaseUrl }: ManifestAuthSignal): string {
  const place = providerBaseUrl ? ` at ${providerBaseUrl.allowedBaseUrls.join(" or ")}` : "";
  return `a key for ${provider}${place}`;
}
