import { AsyncLocalStorage } from "node:async_hooks";
import type { TrustedToolPolicy } from "../../contracts/capabilities.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner, RegistryEntry, RegistryGeneration, RegistryReader } from "../types.ts";
import { type LegacyAnnouncement, LegacyEvents } from "./legacy-events.ts";
import { mergerFor, type ResultMerger, ToolDecision } from "./merge.ts";
import type { TypedHook } from "./read-typed-hook.ts";
import { type HookRow, hookRow } from "./table.ts";
import { matchesTool } from "./tool-matcher.ts";

/** Observing handlers that run at once; more wait, and beyond the queue they are dropped with a log line. */
export const MAX_OBSERVERS = 16;
export const MAX_WAITING_OBSERVERS = 256;
const MAX_LOG_LENGTH = 500;

const PROMPT_FIELDS = [
  "systemPrompt",
  "prependContext",
  "appendContext",
  "prependSystemContext",
  "appendSystemContext",
  "toolsAllow",
];

type Fields = Record<string, unknown>;
type Handlers = readonly RegistryEntry<TypedHook>[];
type BoundPolicy = TrustedToolPolicy & { readonly timeoutMs?: number };

/** Runs typed hooks as the hook table says: order, merge, time-out, failure policy (spec 4.3, 4.4). */
export class TypedHookRunner implements HookRunner {
  readonly #registry: RegistryReader;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #legacy: LegacyEvents;
  #generation: RegistryGeneration | undefined;
  #handlers: ReadonlyMap<string, Handlers> = new Map();
  /** Set in everything that a handler of `before_prompt_build` does. */
  readonly #building = new AsyncLocalStorage<true>();
  #observing = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(registry: RegistryReader, clock: Clock, logger: Logger) {
    this.#registry = registry;
    this.#clock = clock;
    this.#logger = logger;
    this.#legacy = new LegacyEvents(registry, clock, logger);
  }

  has(hook: string): boolean {
    if (this.#of(hook).length > 0 || this.#legacy.follows(hook)) return true;
    return hook === "before_tool_call" && this.#registry.current().list("trustedToolPolicy").length > 0;
  }

  async run<Result = unknown>(hook: string, event: object, context: object): Promise<Result | undefined> {
    const row = hookRow(hook);
    if (!row) throw new RangeError(`there is no hook "${hook}"`);
    if (row.kind === "sync") throw new RangeError(`hook "${hook}" runs with runSync`);
    const handlers = this.#of(hook).filter((entry) =>
      applies(entry, row, event as Fields, context as Fields),
    );
    if (row.name === "before_tool_call") {
      return (await this.#beforeToolCall(row, handlers, event as Fields, context)) as Result | undefined;
    }
    if (row.kind === "observe") {
      await this.tell(hook, event, context, () => true);
      return undefined;
    }
    if (handlers.length === 0) return undefined;
    if (row.kind === "claim") return (await this.#claim(row, handlers, event, context)) as Result | undefined;
    if (row.kind === "evaluate") return (await this.#evaluate(row, handlers, event, context)) as Result;
    if (row.name === "before_prompt_build") {
      return (await this.#buildPrompt(row, handlers, event, context as Fields)) as Result | undefined;
    }
    return (await this.#modify(row, handlers, event, context)) as Result | undefined;
  }

  /** Tells an observing hook, and the colon event that goes with it, to some plugins only. */
  async tell(
    hook: string,
    event: object,
    context: object,
    concerns: (pluginId: string) => boolean,
  ): Promise<void> {
    const row = hookRow(hook);
    if (row?.kind !== "observe") throw new RangeError(`hook "${hook}" does more than observe`);
    const handlers = this.#of(hook).filter(
      (entry) => concerns(entry.pluginId) && applies(entry, row, event as Fields, context as Fields),
    );
    await Promise.all([
      this.#observe(row, handlers, event, context),
      this.#legacy.follow(hook, event, context, concerns),
    ]);
  }

  runSync<Result = unknown>(hook: string, event: object, context: object): Result | undefined {
    const row = hookRow(hook);
    if (row?.kind !== "sync") throw new RangeError(`hook "${hook}" does not run synchronously`);
    let current = event as Fields;
    let changed: Fields | undefined;
    for (const entry of this.#of(hook)) {
      // Only what a handler returns counts: the event is the host's, and what it returned is no longer its own.
      const given = this.#callSync(entry, detached(current), { ...context });
      const result = given && detached(given);
      if (!result) continue;
      if (row.terminal && result[row.terminal] === true)
        return { ...changed, [row.terminal]: true } as Result;
      for (const field of row.chained ?? []) {
        if (result[field] === undefined) continue;
        current = { ...current, [field]: result[field] };
        changed = { ...changed, [field]: result[field] };
      }
    }
    return changed as Result | undefined;
  }

  announce(event: LegacyAnnouncement): Promise<readonly string[]> {
    return this.#legacy.announce(event);
  }

  /** Handlers by hook, highest priority first; rebuilt once per generation. */
  #of(hook: string): Handlers {
    const generation = this.#registry.current();
    if (generation !== this.#generation) {
      const handlers = new Map<string, RegistryEntry<TypedHook>[]>();
      for (const entry of generation.list<TypedHook>("typedHook")) {
        const list = handlers.get(entry.value.hook);
        if (list) list.push(entry);
        else handlers.set(entry.value.hook, [entry]);
      }
      for (const list of handlers.values()) {
        list.sort((a, b) => b.value.priority - a.value.priority);
      }
      this.#generation = generation;
      this.#handlers = handlers;
    }
    return this.#handlers.get(hook) ?? [];
  }

  /** Trusted policies first, then ordinary hooks, as one decision (spec 4.8). */
  async #beforeToolCall(row: HookRow, handlers: Handlers, event: Fields, context: object) {
    const policies = policiesFor(this.#registry.current(), String(event["toolName"]));
    if (policies.length === 0 && handlers.length === 0) return undefined;
    const decision = new ToolDecision();
    let params = event["params"];
    for (const entry of policies) {
      const outcome = await this.#evaluatePolicy(
        entry,
        { ...event, params: structuredClone(params) },
        context,
      );
      if ("failure" in outcome) {
        decision.fail(
          `policy "${entry.key}" of plugin "${entry.pluginId}" failed: ${outcome.failure}`,
          entry.pluginId,
        );
        return decision.result();
      }
      const result = isFields(outcome.result) ? outcome.result : {};
      const refused = result["allow"] === false ? { block: true, blockReason: result["reason"] } : result;
      if (decision.add(refused, entry.pluginId).stop) return decision.result();
      params = decision.result()?.["params"] ?? params;
    }
    await this.#ask(row, handlers, { ...event, params }, context, decision);
    return decision.result();
  }

  async #evaluatePolicy(entry: RegistryEntry<BoundPolicy>, event: object, context: object) {
    const { evaluate, timeoutMs } = entry.value;
    const label = `policy "${entry.key}" of plugin "${entry.pluginId}"`;
    try {
      const work = Promise.resolve(evaluate(event as never, context as never));
      return {
        result: (await (timeoutMs ? withDeadline(work, timeoutMs, label, this.#clock) : work)) as unknown,
      };
    } catch (error) {
      const failure = errorMessage(error);
      this.#log(entry, "before_tool_call", failure);
      return { failure };
    }
  }

  /** A handler that runs a turn of its own is not asked about that turn's prompt again (spec 4.6). */
  async #buildPrompt(row: HookRow, handlers: Handlers, event: object, context: Fields) {
    if (context["toolAuthority"] !== undefined) return this.#modify(row, handlers, event, context);
    if (this.#building.getStore() === true) return undefined;
    return this.#building.run(true, () => this.#modify(row, handlers, event, context));
  }

  async #modify(row: HookRow, handlers: Handlers, event: object, context: object) {
    const merger = mergerFor(row);
    await this.#ask(row, handlers, event, context, merger);
    return merger.result();
  }

  async #ask(
    row: HookRow,
    handlers: Handlers,
    event: object,
    context: object,
    merger: ResultMerger,
  ): Promise<void> {
    let current = event as Fields;
    for (const entry of handlers) {
      const outcome = await this.#call(entry, row, limitedEvent(entry, detached(current)), context);
      if ("failure" in outcome) {
        if (row.failure === "open") continue;
        merger.fail?.(`plugin "${entry.pluginId}" could not decide: ${outcome.failure}`, entry.pluginId);
        break;
      }
      const result = limitedResult(entry, outcome.result, context as Fields);
      // Nothing returned is no decision; something unusable from a gate is a refusal.
      if (result === undefined) continue;
      for (const field of row.chained ?? []) {
        if (result[field] !== undefined) current = { ...current, [field]: result[field] };
      }
      if (merger.add(result, entry.pluginId).stop) break;
    }
  }

  async #claim(row: HookRow, handlers: Handlers, event: object, context: object) {
    for (const entry of handlers) {
      const outcome = await this.#call(entry, row, detached(event as Fields), context);
      if ("result" in outcome && isFields(outcome.result) && outcome.result["handled"] === true) {
        return { ...outcome.result, pluginId: entry.pluginId };
      }
    }
    return undefined;
  }

  async #evaluate(row: HookRow, handlers: Handlers, event: object, context: object) {
    return Promise.all(
      handlers.map(async (entry) => {
        const outcome = await this.#call(entry, row, detached(event as Fields), context);
        const evaluatorId = entry.value.registrationId ?? entry.pluginId;
        return "failure" in outcome
          ? { evaluatorId, pluginId: entry.pluginId, status: "error" as const, error: outcome.failure }
          : { evaluatorId, pluginId: entry.pluginId, status: "ok" as const, result: outcome.result };
      }),
    );
  }

  async #observe(row: HookRow, handlers: Handlers, event: object, context: object): Promise<undefined> {
    await Promise.all(
      handlers.map(async (entry) => {
        if (!(await this.#admit())) {
          this.#log(entry, row.name, "dropped: too many hooks are waiting");
          return;
        }
        try {
          await this.#call(entry, row, detached(event as Fields), context);
        } finally {
          this.#release();
        }
      }),
    );
    return undefined;
  }

  async #admit(): Promise<boolean> {
    if (this.#observing < MAX_OBSERVERS) {
      this.#observing++;
      return true;
    }
    if (this.#waiting.length >= MAX_WAITING_OBSERVERS) return false;
    // The place passes from hand to hand, so the count stays.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#observing--;
  }

  async #call(
    entry: RegistryEntry<TypedHook>,
    row: HookRow,
    event: object,
    context: object,
  ): Promise<{ result: unknown } | { failure: string }> {
    const { handler, timeoutMs } = entry.value;
    try {
      // The context may hold functions, so it is copied one level deep; what it holds belongs to the host.
      const work = Promise.resolve(handler(event, { ...context }));
      const result = await (timeoutMs === undefined
        ? work
        : withDeadline(work, timeoutMs, `hook ${row.name} of plugin "${entry.pluginId}"`, this.#clock));
      return { result };
    } catch (error) {
      const failure = errorMessage(error);
      this.#log(entry, row.name, failure);
      return { failure };
    }
  }

  #callSync(entry: RegistryEntry<TypedHook>, event: Fields, context: object): Fields | undefined {
    try {
      const result = entry.value.handler(event, context);
      if (result instanceof Promise) {
        result.catch(() => {});
        this.#log(entry, entry.value.hook, "a synchronous hook returned a promise; its result is ignored");
        return undefined;
      }
      return isFields(result) ? result : undefined;
    } catch (error) {
      this.#log(entry, entry.value.hook, errorMessage(error));
      return undefined;
    }
  }

  #log(entry: RegistryEntry, hook: string, what: string): void {
    const line = `hook ${hook} of plugin "${entry.pluginId}": ${what}`
      .replace(/\s+/g, " ")
      .slice(0, MAX_LOG_LENGTH);
    this.#logger.warn(line, { pluginId: entry.pluginId, hook });
  }
}

function applies(entry: RegistryEntry<TypedHook>, row: HookRow, event: Fields, context: Fields): boolean {
  const { matcher, eligibleTriggers, eligibleDispatchKinds, requiresToolAuthority } = entry.value;
  if (row.acceptsMatcher && !matchesTool(matcher, String(event["toolName"] ?? context["toolName"])))
    return false;
  if (row.name === "before_prompt_build")
    return requiresToolAuthority === (context["toolAuthority"] !== undefined);
  if (row.name === "before_agent_reply" && eligibleTriggers) {
    const trigger = context["trigger"];
    return typeof trigger !== "string" || eligibleTriggers.includes(trigger);
  }
  if (row.name === "reply_dispatch" && eligibleDispatchKinds) {
    const kind = context["dispatchKind"];
    return typeof kind !== "string" || eligibleDispatchKinds.includes(kind);
  }
  if (row.name === "inbound_claim") {
    const binding = context["pluginBinding"];
    return isFields(binding) && binding["pluginId"] === entry.pluginId;
  }
  return true;
}

/** Bundled policies first, installed ones in load order (spec 3.14). */
function policiesFor(
  generation: RegistryGeneration,
  toolName: string,
): readonly RegistryEntry<BoundPolicy>[] {
  const policies = generation
    .list<BoundPolicy>("trustedToolPolicy")
    .filter(({ value }) => matchesTool(value.matcher, toolName));
  const rank = (entry: RegistryEntry) => (entry.origin === "bundled" ? 0 : 1);
  return [...policies].sort((a, b) => rank(a) - rank(b));
}

/** A copy that a handler may change without anybody noticing. */
function detached(event: Fields): Fields {
  try {
    return structuredClone(event);
  } catch {
    return { ...event };
  }
}

/** What a legacy handler without conversation access may see (spec 4.9). */
function limitedEvent(entry: RegistryEntry<TypedHook>, event: Fields): Fields {
  if (entry.value.hook !== "before_agent_start") return event;
  const { prompt, messages } = event;
  const shown = entry.value.limited?.promptOnly ? undefined : messages;
  return { prompt, ...(shown === undefined ? {} : { messages: shown }) };
}

function limitedResult(
  entry: RegistryEntry<TypedHook>,
  result: unknown,
  context: Fields,
): Fields | undefined {
  if (result === undefined || result === null) return undefined;
  if (!isFields(result)) return { outcome: "invalid" };
  const { hook, limited } = entry.value;
  if (hook === "before_agent_start" && limited?.noPromptFields) {
    return Object.fromEntries(Object.entries(result).filter(([field]) => !PROMPT_FIELDS.includes(field)));
  }
  if (hook === "before_prompt_build" && context["toolAuthority"] !== undefined) {
    const { prependContext, appendContext } = result;
    return { prependContext, appendContext };
  }
  return result;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
