import { isRecord } from "../../kernel/records.ts";
import type { RegistryEntry, RegistryGeneration } from "../types.ts";
import type { BoundPolicy, HandlerCalls } from "./handler-calls.ts";
import type { Fields } from "./handler-view.ts";
import type { ToolDecision } from "./merge.ts";
import { matchesTool } from "./tool-matcher.ts";

/** Bundled policies first, installed ones in load order (spec 3.14). */
export function policiesFor(
  generation: RegistryGeneration,
  toolName: string,
): readonly RegistryEntry<BoundPolicy>[] {
  const policies = generation
    .list<BoundPolicy>("trustedToolPolicy")
    .filter(({ value }) => matchesTool(value.matcher, toolName));
  const rank = (entry: RegistryEntry) => (entry.origin === "bundled" ? 0 : 1);
  return [...policies].sort((a, b) => rank(a) - rank(b));
}

/**
 * Asks policies one after the other, each about the arguments that the ones before it left. Returns the
 * arguments to go on with, or `undefined` when the decision is made: somebody refused, or could not be asked.
 */
export async function askPolicies(
  {
    policies,
    asItIsNow,
  }: {
    policies: readonly RegistryEntry<BoundPolicy>[];
    /** The policy when its turn comes: its plugin may have been reloaded meanwhile, or turned off. */
    asItIsNow(policy: RegistryEntry<BoundPolicy>): RegistryEntry<BoundPolicy> | undefined;
  },
  calls: HandlerCalls,
  event: Fields,
  context: object,
  decision: ToolDecision,
): Promise<{ params: unknown } | undefined> {
  let params = event["params"];
  for (const given of policies) {
    const entry = asItIsNow(given);
    if (!entry) continue;
    const answer = await calls.policy(entry, { ...event, params: structuredClone(params) }, context);
    if ("failure" in answer) {
      const who = `policy "${entry.key}" of plugin "${entry.pluginId}"`;
      decision.fail(`${who} failed: ${answer.failure}`, entry.pluginId);
      return undefined;
    }
    const result = isRecord(answer.result) ? answer.result : {};
    const refused = result["allow"] === false ? { block: true, blockReason: result["reason"] } : result;
    if (decision.add(refused, entry.pluginId).stop) return undefined;
    params = decision.result()?.["params"] ?? params;
  }
  return { params };
}
