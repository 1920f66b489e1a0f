import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import { isRecord } from "../../kernel/records.ts";
import type { HookRunner, RegistryEntry, RegistryGeneration, RegistryReader } from "../types.ts";
import { type BoundPolicy, HandlerCalls, type ReportMisuse } from "./handler-calls.ts";
import {
  applies,
  detached,
  type Fields,
  type HookEntry,
  limitedEvent,
  limitedResult,
} from "./handler-view.ts";
import { type LegacyAnnouncement, LegacyEvents } from "./legacy-events.ts";
import { mergerFor, type ResultMerger, ToolDecision } from "./merge.ts";
import { ObserverSeats } from "./observer-seats.ts";
import type { TypedHook } from "./read-typed-hook.ts";
import { type HookRow, hookRow } from "./table.ts";
import { askPolicies, policiesFor } from "./trusted-policies.ts";

type Handlers = readonly HookEntry[];

/** Runs typed hooks as the hook table says: order, merge, time-out, failure policy (spec 4.3, 4.4). */
export class TypedHookRunner implements HookRunner {
  readonly #registry: RegistryReader;
  readonly #calls: HandlerCalls;
  readonly #legacy: LegacyEvents;
  #generation: RegistryGeneration | undefined;
  #handlers: ReadonlyMap<string, Handlers> = new Map();
  /** Set in everything that a handler of `before_prompt_build` does. */
  readonly #building = new AsyncLocalStorage<true>();
  readonly #seats = new Map<string, ObserverSeats>();

  constructor(registry: RegistryReader, clock: Clock, logger: Logger, report: ReportMisuse) {
    this.#registry = registry;
    this.#calls = new HandlerCalls(clock, logger, report);
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
    if (row.kind === "observe") {
      await this.tell(hook, event, context, () => true);
      return undefined;
    }
    const handlers = this.#of(hook).filter((entry) =>
      applies(entry, row, event as Fields, context as Fields),
    );
    if (row.name === "before_tool_call") {
      return (await this.#beforeToolCall(row, handlers, event as Fields, context)) as Result | undefined;
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
      const given = this.#calls.callSync(entry, detached(current), { ...context });
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
      const handlers = new Map<string, HookEntry[]>();
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
    const asItIsNow = (policy: RegistryEntry<BoundPolicy>) =>
      policiesFor(this.#registry.current(), String(event["toolName"])).find(
        ({ pluginId, key }) => pluginId === policy.pluginId && key === policy.key,
      );
    const left = await askPolicies({ policies, asItIsNow }, this.#calls, event, context, decision);
    if (left) await this.#ask(row, handlers, { ...event, ...left }, context, decision);
    return decision.result();
  }

  /** A handler that runs a turn of its own is not asked about that turn's prompt again (spec 4.6). */
  async #buildPrompt(row: HookRow, handlers: Handlers, event: object, context: Fields) {
    if (context["toolAuthority"] !== undefined) return this.#modify(row, handlers, event, context);
    if (this.#building.getStore() === true) return undefined;
    return this.#building.run(true, () => this.#modify(row, handlers, event, context));
  }

  /** One decision made of what all handlers answer. */
  async #modify(row: HookRow, handlers: Handlers, event: object, context: object) {
    const merger = mergerFor(row);
    await this.#ask(row, handlers, event, context, merger);
    return merger.result();
  }

  /** Asks handlers one after the other until one ends it. */
  async #ask(
    row: HookRow,
    handlers: Handlers,
    event: object,
    context: object,
    merger: ResultMerger,
  ): Promise<void> {
    let current = event as Fields;
    for (const given of handlers) {
      const entry = this.#asItIsNow(given, handlers, row, event, context);
      if (!entry) continue;
      const outcome = await this.#calls.call(entry, row, limitedEvent(entry, detached(current)), context);
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

  /**
   * The handler to ask: while those before it were, its plugin may have been reloaded, and then the new one has
   * its place, or turned off.
   */
  #asItIsNow(entry: HookEntry, among: Handlers, row: HookRow, event: object, context: object) {
    const all = this.#of(row.name);
    if (all.includes(entry)) return entry;
    const { pluginId } = entry;
    const place = among.filter((other) => other.pluginId === pluginId).indexOf(entry);
    const now = all.filter(
      (other) => other.pluginId === pluginId && applies(other, row, event as Fields, context as Fields),
    );
    return now[place];
  }

  /** The first handler that takes the event over. */
  async #claim(row: HookRow, handlers: Handlers, event: object, context: object) {
    for (const given of handlers) {
      const entry = this.#asItIsNow(given, handlers, row, event, context);
      if (!entry) continue;
      const outcome = await this.#calls.call(entry, row, detached(event as Fields), context);
      if ("result" in outcome && isRecord(outcome.result) && outcome.result["handled"] === true) {
        return { ...outcome.result, pluginId: entry.pluginId };
      }
    }
    return undefined;
  }

  /** One outcome from each handler, all asked at once. */
  async #evaluate(row: HookRow, handlers: Handlers, event: object, context: object) {
    return Promise.all(
      handlers.map(async (entry) => {
        const outcome = await this.#calls.call(entry, row, detached(event as Fields), context);
        const evaluatorId = entry.value.registrationId ?? entry.pluginId;
        return "failure" in outcome
          ? { evaluatorId, pluginId: entry.pluginId, status: "error" as const, error: outcome.failure }
          : { evaluatorId, pluginId: entry.pluginId, status: "ok" as const, result: outcome.result };
      }),
    );
  }

  /** Tells all handlers at once, as far as there are seats; nobody's answer counts. */
  async #observe(row: HookRow, handlers: Handlers, event: object, context: object): Promise<void> {
    await Promise.all(
      handlers.map(async (entry) => {
        const call = () => this.#calls.call(entry, row, detached(event as Fields), context);
        if (row.atOnce) await call();
        else if (!(await this.#seated(entry.pluginId, call)))
          this.#calls.complain(entry, row.name, "dropped: too many hooks are waiting");
      }),
    );
  }

  /** Calls when its plugin has a place; false when too many wait for one. */
  async #seated(pluginId: string, call: () => Promise<unknown>): Promise<boolean> {
    const seats = this.#seats.get(pluginId) ?? new ObserverSeats();
    this.#seats.set(pluginId, seats);
    if (!(await seats.take())) return false;
    try {
      await call();
    } finally {
      seats.leave();
      if (seats.empty) this.#seats.delete(pluginId);
    }
    return true;
  }
}
