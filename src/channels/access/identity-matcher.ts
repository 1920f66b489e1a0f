import type { IdentityAuthentication } from "../../contracts/channel.ts";
import { asText } from "../config-values.ts";

type Normalize = (value: string) => string | null | undefined;

/** One way a sender can be named in an allowlist (spec 1.18.8). */
export interface IdentityField {
  key?: string;
  kind?: string;
  normalize?: Normalize;
  normalizeEntry?: Normalize;
  normalizeSubject?: Normalize;
  authentication?: IdentityAuthentication | ((value: string) => IdentityAuthentication | undefined);
  dangerous?: boolean | ((value: string) => boolean | undefined);
}

export interface IdentityDefinition {
  primary?: IdentityField;
  aliases?: readonly (IdentityField & { key: string })[];
  isWildcardEntry?(value: string): boolean;
  /** Overrules the comparison of one entry; `undefined` leaves it to the host. */
  matchEntry?(params: {
    subject: { identifiers: readonly Identifier[] };
    entry: { value: string; raw: string; fieldKey: string; kind: string };
  }): boolean | undefined;
}

export interface IngressSubject {
  stableId?: string | number | null;
  aliases?: Readonly<Record<string, string | null | undefined>>;
  /** What the platform vouched for this time, by field; stronger than the definition's word. */
  authentication?: Readonly<Record<string, IdentityAuthentication | undefined>>;
}

/** One form of the sender, as it is compared. */
export interface Identifier {
  fieldKey: string;
  kind: string;
  value: string;
  authentication: IdentityAuthentication;
}

export interface MatchPolicy {
  mutableIdentifierMatching?: "enabled" | "disabled";
  minIdentifierAuthentication?: IdentityAuthentication;
}

export type MatchVerdict = "wildcard" | "match" | "mutable" | "weak" | "none";

const STRENGTH: Record<IdentityAuthentication, number> = {
  mutable: 0,
  unverified: 0,
  asserted: 1,
  verified: 2,
};
const PRIMARY_KEY = "stableId";

/** Compares allowlist entries with the forms of one sender, each form with the entries that can name it. */
export class IdentityMatcher {
  readonly #definition: IdentityDefinition;
  readonly #policy: MatchPolicy;
  readonly #fields: readonly (IdentityField & { key: string })[];
  readonly #identifiers: readonly Identifier[];

  constructor(definition: IdentityDefinition, subject: IngressSubject, policy: MatchPolicy) {
    this.#definition = definition;
    this.#policy = policy;
    this.#fields = [
      { ...definition.primary, key: definition.primary?.key ?? PRIMARY_KEY },
      ...(definition.aliases ?? []),
    ];
    this.#identifiers = this.#fields.flatMap((field, index) => {
      const raw = asText((index === 0 ? subject.stableId : subject.aliases?.[field.key]) ?? undefined);
      const value = raw === undefined ? undefined : normalized(field, "normalizeSubject", raw);
      if (!value) return [];
      const stated =
        subject.authentication?.[field.key] ??
        (index === 0 ? subject.authentication?.[PRIMARY_KEY] : undefined);
      const authentication = stated ?? authenticationOf(field, value);
      return [{ fieldKey: field.key, kind: field.kind ?? field.key, value, authentication }];
    });
  }

  isWildcard(entry: string): boolean {
    const { isWildcardEntry } = this.#definition;
    return isWildcardEntry ? isWildcardEntry(entry) : entry.trim() === "*";
  }

  matches(entries: readonly string[]): boolean {
    const verdict = this.verdict(entries);
    return verdict === "match" || verdict === "wildcard";
  }

  /**
   * `mutable` and `weak`: an entry names the sender, but only by a form that does not count, because anybody
   * can take it, or because the platform vouches too little for it.
   */
  verdict(entries: readonly string[]): MatchVerdict {
    let verdict: MatchVerdict = "none";
    for (const entry of entries) {
      if (this.isWildcard(entry)) return "wildcard";
      const one = this.#verdictOf(entry);
      if (one === "match") verdict = "match";
      else if (verdict === "none") verdict = one;
    }
    return verdict;
  }

  /** Senders approved by pairing are stored by their stable id in lower case. */
  isApproved(approved: readonly string[]): boolean {
    if (this.matches(approved)) return true;
    const stable = this.#identifiers.find(({ fieldKey }) => fieldKey === this.#fields[0]?.key);
    if (!stable || this.#refusal(stable)) return false;
    return approved.some((entry) => entry.toLowerCase() === stable.value.toLowerCase());
  }

  #verdictOf(raw: string): MatchVerdict {
    let refused: MatchVerdict = "none";
    for (const field of this.#fields) {
      const value = normalized(field, "normalizeEntry", raw);
      if (!value) continue;
      const own = this.#definition.matchEntry?.({
        subject: { identifiers: this.#identifiers },
        entry: { value, raw, fieldKey: field.key, kind: field.kind ?? field.key },
      });
      const identifier = this.#identifiers.find(({ fieldKey }) => fieldKey === field.key);
      if (!identifier || !(own ?? isSame(field, identifier.value, value))) continue;
      const refusal = this.#refusal(identifier);
      if (!refusal) return "match";
      refused = refusal;
    }
    return refused;
  }

  #refusal({ authentication }: Identifier): "mutable" | "weak" | undefined {
    const { mutableIdentifierMatching, minIdentifierAuthentication = "asserted" } = this.#policy;
    if (STRENGTH[authentication] === 0) {
      if (mutableIdentifierMatching !== "enabled") return authentication === "mutable" ? "mutable" : "weak";
      // The owner accepted names that anybody can take; a stated minimum is for the rest.
      return undefined;
    }
    return STRENGTH[authentication] < STRENGTH[minIdentifierAuthentication] ? "weak" : undefined;
  }
}

function normalized(
  field: IdentityField,
  which: "normalizeEntry" | "normalizeSubject",
  raw: string,
): string | undefined {
  const normalize = field[which] ?? field.normalize;
  const value = normalize ? normalize(raw) : raw.trim();
  return value ? value : undefined;
}

/** A channel that says how its ids are written is taken at its word; otherwise case does not matter. */
function isSame(field: IdentityField, subject: string, entry: string): boolean {
  if (field.normalizeEntry ?? field.normalize) return subject === entry;
  return subject.toLowerCase() === entry.toLowerCase();
}

function authenticationOf(field: IdentityField, value: string): IdentityAuthentication {
  const { authentication, dangerous } = field;
  const stated = typeof authentication === "function" ? authentication(value) : authentication;
  const open = typeof dangerous === "function" ? dangerous(value) : dangerous;
  return stated ?? (open ? "mutable" : "asserted");
}
