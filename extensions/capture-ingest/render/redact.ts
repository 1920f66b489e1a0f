import { SluiceError } from "sluice/plugin-sdk/foundation";
import type { EventData } from "../contract/validate.ts";

/** Ready-made patterns; their parts cannot overlap, so they run in linear time. */
const PRESETS: Readonly<Record<string, RegExp>> = {
  "email-address": /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
  "card-number": /\b\d(?:[ -]?\d){12,18}\b/g,
  iban: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
  "phone-number": /\+\d(?:[ ().-]{0,2}\d){7,14}\b/g,
  "access-token": /\b(?:sk|pk|ghp|gho|xox[abp]|AKIA|eyJ)[A-Za-z0-9_.-]{16,512}/g,
};

export const REDACTION_PRESETS: readonly string[] = Object.keys(PRESETS);
const DEFAULT_REPLACEMENT = "[redacted]";

export interface RedactionRule {
  pattern: RegExp;
  replacement: string;
  /** Source types it applies to; all when absent. */
  sourceTypes?: readonly string[];
}

/**
 * Reads the setting `redact`: a list of `{ preset }`, `{ text }` (case-insensitive) or `{ pattern }` (a
 * regular expression, the operator's responsibility), each with optional `replacement` and `sourceTypes`.
 */
export function redactionRules(given: unknown, knownTypes: readonly string[]): RedactionRule[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid("must be a list of rules");
  return given.map((value, index) => {
    const rule = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    const sourceTypes = rule["sourceTypes"] as readonly string[] | undefined;
    if (sourceTypes && !sourceTypes.every((name) => knownTypes.includes(name)))
      throw invalid(`rule ${index + 1} names an unknown source type`);
    return {
      pattern: patternOf(rule, index),
      replacement: typeof rule["replacement"] === "string" ? rule["replacement"] : DEFAULT_REPLACEMENT,
      ...(sourceTypes ? { sourceTypes } : {}),
    };
  });
}

function patternOf(rule: Record<string, unknown>, index: number): RegExp {
  const { preset, text, pattern } = rule;
  if (typeof preset === "string" && Object.hasOwn(PRESETS, preset)) return PRESETS[preset] as RegExp;
  if (typeof text === "string" && text !== "")
    return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi");
  if (typeof pattern === "string" && pattern !== "") {
    try {
      return new RegExp(pattern, "gu");
    } catch (error) {
      throw invalid(`rule ${index + 1}: ${(error as Error).message}`);
    }
  }
  throw invalid(`rule ${index + 1} needs a preset (${REDACTION_PRESETS.join(", ")}), a text or a pattern`);
}

/** A copy of an event's data with the rules applied to every text in it; the same object when none applies. */
export function redactData(data: EventData, sourceType: string, rules: readonly RedactionRule[]): EventData {
  const applying = rules.filter((rule) => rule.sourceTypes?.includes(sourceType) ?? true);
  if (applying.length === 0) return data;
  return copy(data, applying) as EventData;
}

function copy(value: unknown, rules: readonly RedactionRule[]): unknown {
  if (typeof value === "string")
    return rules.reduce((text, rule) => text.replace(rule.pattern, () => rule.replacement), value);
  if (Array.isArray(value)) return value.map((item) => copy(item, rules));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, copy(child, rules)]);
  return Object.fromEntries(entries);
}

function invalid(what: string): SluiceError<"CAPTURE_CONFIG_INVALID"> {
  return new SluiceError("CAPTURE_CONFIG_INVALID", `capture-ingest setting redact: ${what}`);
}
