import type { Usage } from "../../contracts/messages.ts";
import type { ResolvedModel } from "../models/types.ts";

/** Costs from the model's prices per million tokens, unless the provider stated them. */
export function priced(usage: Usage, prices: ResolvedModel["model"]["cost"]): Usage {
  if (!prices || usage.cost.total > 0) return usage;
  const input = (usage.input * prices.input) / 1_000_000;
  const output = (usage.output * prices.output) / 1_000_000;
  const cacheRead = (usage.cacheRead * prices.cacheRead) / 1_000_000;
  const cacheWrite = (usage.cacheWrite * prices.cacheWrite) / 1_000_000;
  return {
    ...usage,
    cost: { input, output, cacheRead, cacheWrite, total: input + output + cacheRead + cacheWrite },
  };
}

/** Both together. */
export function sum(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    totalTokens: a.totalTokens + b.totalTokens,
    cost: {
      input: a.cost.input + b.cost.input,
      output: a.cost.output + b.cost.output,
      cacheRead: a.cost.cacheRead + b.cost.cacheRead,
      cacheWrite: a.cost.cacheWrite + b.cost.cacheWrite,
      total: a.cost.total + b.cost.total,
    },
  };
}
