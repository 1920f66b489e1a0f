import { createHash } from "node:crypto";
import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { Invocation } from "./invocation.ts";
import type { ToolSet } from "./tool-set.ts";

/**
 * What a turn may do, proven to handlers of `before_prompt_build` that asked for it. `fingerprint` is the same
 * for the same session and tools; every question fails once the turn is over (plugin-sdk spec 4.6).
 */
export function toolAuthorityOf(
  tools: ToolSet,
  { agentId, sessionKey }: Pick<TurnRequest, "agentId" | "sessionKey">,
  invocation: Invocation,
): NonNullable<AgentHookContext["toolAuthority"]> {
  const names = tools.tools.map(({ name }) => name).sort();
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([agentId, sessionKey, names]))
    .digest("hex");
  return {
    fingerprint,
    allows(tool) {
      invocation.assertCurrent();
      return tools.get(tool) !== undefined;
    },
    assertActive: invocation.assertCurrent,
  };
}
