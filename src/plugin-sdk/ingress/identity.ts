import type { IdentityField as MatchedField } from "../../channels/access/identity-matcher.ts";
import type { IdentityAuthentication } from "../../contracts/channel.ts";

/** One way a sender can be named in an allowlist (spec 1.18.8). */
export interface IdentityField extends MatchedField {
  sensitivity?: "normal" | "pii";
}

export interface IngressIdentity {
  primary: IdentityField;
  aliases?: readonly (IdentityField & { key: string })[];
  isWildcardEntry?(value: string): boolean;
  matchEntry?(params: object): boolean | undefined;
  resolveEntryId?(params: {
    entry: string;
    entryIndex: number;
    fieldKey: string;
    fieldIndex: number;
  }): string;
  resolveParticipant?(subject: object): object | undefined;
}

export type StableIdentity = IdentityField & Omit<IngressIdentity, "primary"> & { entryIdPrefix?: string };

/** An identity whose first form is an id that the platform keeps. */
export function defineStableChannelIngressIdentity(params: StableIdentity = {}): IngressIdentity {
  const {
    aliases,
    isWildcardEntry,
    matchEntry,
    resolveEntryId,
    resolveParticipant,
    entryIdPrefix,
    ...field
  } = params;
  return {
    primary: { key: "stable-id", kind: "stable-id", ...field },
    ...(aliases ? { aliases } : {}),
    ...(isWildcardEntry ? { isWildcardEntry } : {}),
    ...(matchEntry ? { matchEntry } : {}),
    ...(resolveParticipant ? { resolveParticipant } : {}),
    resolveEntryId: resolveEntryId ?? (({ entryIndex }) => `${entryIdPrefix ?? "entry"}-${entryIndex + 1}`),
  };
}

function asIdentity(identity: IngressIdentity | StableIdentity): IngressIdentity {
  return "primary" in identity ? identity : defineStableChannelIngressIdentity(identity);
}

/** How far the platform vouches for what an allowlist entry names. */
export function identityEntryAuthenticationClassifier(identity: IngressIdentity | StableIdentity) {
  const { primary, aliases = [], isWildcardEntry } = asIdentity(identity);
  return (raw: string): IdentityAuthentication | undefined => {
    const entry = raw.trim();
    if (entry === "" || entry === "*" || isWildcardEntry?.(entry)) return undefined;
    for (const field of [primary, ...aliases]) {
      const normalized = (field.normalizeEntry ?? field.normalize ?? ((value: string) => value))(entry);
      if (normalized) return authenticationOf(field, normalized);
    }
    return undefined;
  };
}

function authenticationOf(field: IdentityField, value: string): IdentityAuthentication {
  const stated =
    typeof field.authentication === "function" ? field.authentication(value) : field.authentication;
  const dangerous = typeof field.dangerous === "function" ? field.dangerous(value) : field.dangerous;
  return stated ?? (dangerous ? "mutable" : "asserted");
}

export interface RouteDescriptor {
  id: string;
  [fact: string]: unknown;
}

/** The descriptors that hold, without the alternatives that do not. */
export function channelIngressRoutes(
  ...routes: (RouteDescriptor | false | null | undefined)[]
): RouteDescriptor[] {
  return routes.filter((route): route is RouteDescriptor => Boolean(route));
}
