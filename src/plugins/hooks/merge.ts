import { isRecord } from "../../kernel/records.ts";
import type { FieldMerge, HookRow } from "./table.ts";

export type HookResultFields = Record<string, unknown>;

/** Collects the results of a hook's handlers, in the order they are asked. */
export interface ResultMerger {
  /** Takes one result; `stop` ends the run. */
  add(result: HookResultFields, pluginId: string): { stop: boolean };
  /** A handler of a hook that fails closed threw or was late. */
  fail?(reason: string, pluginId: string): void;
  result(): HookResultFields | undefined;
}

export function mergerFor(row: HookRow): ResultMerger {
  if (row.name === "before_agent_run") return new RunGate();
  if (row.merge === "tool-decision") return new ToolDecision();
  if (row.merge === "finalize") return new FinalizeMerger();
  if (row.merge === "environment") return new EnvironmentMerger();
  return new FieldMerger(typeof row.merge === "object" ? row.merge : {}, row.terminal);
}

/** Fields of results that are objects; the others are texts. */
const STRUCTURED_FIELDS: ReadonlySet<string> = new Set(["metadata", "origin", "payload"]);

class FieldMerger implements ResultMerger {
  readonly #rules: Readonly<Record<string, FieldMerge>>;
  readonly #terminal: string | undefined;
  readonly #merged: HookResultFields = {};

  constructor(rules: Readonly<Record<string, FieldMerge>>, terminal: string | undefined) {
    this.#rules = rules;
    this.#terminal = terminal;
  }

  add(result: HookResultFields): { stop: boolean } {
    for (const [field, rule] of Object.entries(this.#rules)) {
      const value = result[field];
      if (rule === "intersect" && value !== undefined) this.#addList(field, value);
      else if (value !== undefined && value !== null) this.#put(field, rule, value);
    }
    return { stop: this.#terminal !== undefined && result[this.#terminal] === true };
  }

  fail(reason: string): void {
    this.#merged["block"] = true;
    this.#merged["blockReason"] = reason;
  }

  result(): HookResultFields | undefined {
    return Object.keys(this.#merged).length > 0 ? this.#merged : undefined;
  }

  #put(field: string, rule: FieldMerge, value: unknown): void {
    const merged = this.#merged;
    // A plugin in JavaScript may return anything; what cannot be used is as good as not returned.
    if ((rule === "last" || rule === "first") && !this.#usable(field, value)) return;
    if (rule === "last") merged[field] = value;
    else if (rule === "terminal") {
      if (value === true) merged[field] = true;
    } else if (rule === "collect") {
      merged[field] = [...((merged[field] as unknown[]) ?? []), ...(Array.isArray(value) ? value : [value])];
    } else if (rule === "concatenate") {
      if (typeof value !== "string" || value === "") return;
      merged[field] = merged[field] === undefined ? value : `${String(merged[field])}\n\n${value}`;
    } else if (merged[field] === undefined) merged[field] = value;
  }

  #usable(field: string, value: unknown): boolean {
    return STRUCTURED_FIELDS.has(field) ? isRecord(value) : typeof value === "string";
  }

  /** A malformed list allows nothing: narrowing must never widen. */
  #addList(field: string, value: unknown): void {
    const list = Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    this.#merged[field] = [...((this.#merged[field] as string[][] | undefined) ?? []), list];
  }
}

/** `before_agent_run`: anything but a pass blocks (spec 4.6). */
class RunGate implements ResultMerger {
  #blocked: HookResultFields | undefined;

  add(result: HookResultFields, pluginId: string): { stop: boolean } {
    if (result["outcome"] === "pass") return { stop: false };
    const valid = result["outcome"] === "block" && typeof result["reason"] === "string";
    this.#blocked = valid
      ? { ...result, pluginId }
      : { outcome: "block", reason: `plugin "${pluginId}" gave no valid decision`, pluginId };
    return { stop: true };
  }

  fail(reason: string, pluginId: string): void {
    this.#blocked = { outcome: "block", reason, pluginId };
  }

  result(): HookResultFields | undefined {
    return this.#blocked;
  }
}

/** `before_tool_call` and trusted policies (spec 4.8). */
export class ToolDecision implements ResultMerger {
  #merged: HookResultFields = {};
  #paramsFrozen = false;

  add(result: HookResultFields, pluginId: string): { stop: boolean } {
    if (result["block"] === true) {
      const reason = typeof result["blockReason"] === "string" ? result["blockReason"] : undefined;
      this.fail(reason ?? `blocked by plugin "${pluginId}"`, pluginId);
      return { stop: true };
    }
    const params = result["params"];
    if (!this.#paramsFrozen && typeof params === "object" && params !== null && !Array.isArray(params)) {
      this.#merged["params"] = params;
    }
    const approval = result["requireApproval"];
    if (approval !== undefined && approval !== null && approval !== false && !isRecord(approval)) {
      // Somebody has to be asked, and nobody knows what: the call may not run as if nothing had been said.
      this.fail(`plugin "${pluginId}" asked for an approval that says nothing`, pluginId);
      return { stop: true };
    }
    if (!this.#paramsFrozen && isRecord(approval)) {
      this.#merged["requireApproval"] = { ...approval, pluginId };
      this.#paramsFrozen = true;
      if (this.#merged["params"] !== undefined)
        this.#merged["params"] = structuredClone(this.#merged["params"]);
    }
    return { stop: false };
  }

  fail(reason: string, pluginId: string): void {
    this.#merged = { block: true, blockReason: reason, pluginId };
  }

  result(): HookResultFields | undefined {
    return Object.keys(this.#merged).length > 0 ? this.#merged : undefined;
  }
}

class FinalizeMerger implements ResultMerger {
  #finalize = false;
  readonly #reasons: string[] = [];
  #retry: unknown;
  #revise = false;

  add({ action, reason, retry }: HookResultFields): { stop: boolean } {
    if (action === "finalize") this.#finalize = true;
    if (action !== "revise") return { stop: false };
    this.#revise = true;
    if (typeof reason === "string" && reason !== "") this.#reasons.push(reason);
    if (typeof retry === "object" && retry !== null) this.#retry ??= retry;
    return { stop: false };
  }

  result(): HookResultFields | undefined {
    if (this.#finalize) return { action: "finalize" };
    if (!this.#revise) return undefined;
    return {
      action: "revise",
      ...(this.#reasons.length > 0 ? { reason: this.#reasons.join("\n\n") } : {}),
      ...(this.#retry ? { retry: this.#retry } : {}),
    };
  }
}

const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FORBIDDEN_ENVIRONMENT =
  /^(PATH|NODE_OPTIONS|LD_.*|DYLD_.*|(HTTP|HTTPS|ALL|NO)_PROXY|NODE_TLS_REJECT_UNAUTHORIZED|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE)$/i;

/** `resolve_exec_env`: names that could hijack the command or its transport are dropped. */
class EnvironmentMerger implements ResultMerger {
  readonly #merged: Record<string, string> = {};

  add(result: HookResultFields): { stop: boolean } {
    for (const [name, value] of Object.entries(result)) {
      if (typeof value !== "string" || !ENVIRONMENT_NAME.test(name) || FORBIDDEN_ENVIRONMENT.test(name))
        continue;
      this.#merged[name] = value;
    }
    return { stop: false };
  }

  result(): HookResultFields | undefined {
    return Object.keys(this.#merged).length > 0 ? this.#merged : undefined;
  }
}
