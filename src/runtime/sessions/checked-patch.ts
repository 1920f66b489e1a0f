import { SluiceError } from "../../kernel/errors.ts";
import { parseModelRef } from "../models/model-ref.ts";
import { normalizeThinkingLevel } from "../models/thinking.ts";
import type { Models } from "../models/types.ts";

/** What each level of a session may be set to (spec 5.5). */
const LEVELS: Readonly<Record<string, readonly string[]>> = {
  verboseLevel: ["off", "on", "full"],
  reasoningLevel: ["off", "on", "stream"],
  elevatedLevel: ["off", "on", "ask", "full"],
  execHost: ["auto", "sandbox", "gateway", "node"],
  execSecurity: ["deny", "allowlist", "full"],
  execAsk: ["off", "on-miss", "always"],
  sendPolicy: ["allow", "deny"],
  groupActivation: ["mention", "always"],
};

/**
 * Checks the level names and the model of a change; a sign-in that the model's name ends with (`@profile`) stays
 * the session's first choice until the model is taken back.
 *
 * @throws SluiceError `INVALID_REQUEST`
 */
export async function checkedPatch(
  patch: Record<string, unknown>,
  models: Pick<Models, "resolve">,
  agentId?: string,
): Promise<Record<string, unknown>> {
  const checked = { ...patch };
  for (const [field, allowed] of Object.entries(LEVELS)) {
    const value = checked[field];
    if (value === undefined || value === null) continue;
    if (!allowed.includes(String(value))) {
      throw new SluiceError("INVALID_REQUEST", `invalid ${field}: expected one of ${allowed.join(", ")}`);
    }
  }
  if (typeof checked["thinkingLevel"] === "string") {
    const level = normalizeThinkingLevel(checked["thinkingLevel"]);
    if (!level)
      throw new SluiceError("INVALID_REQUEST", `unknown thinkingLevel: ${checked["thinkingLevel"]}`);
    checked["thinkingLevel"] = level;
  }
  if (typeof checked["model"] === "string") {
    const wanted = parseModelRef(checked["model"], "default")?.profileId;
    const { model, profile } = await models.resolve(checked["model"], agentId);
    checked["providerOverride"] = model.provider;
    checked["modelOverride"] = model.id;
    if (wanted !== undefined) {
      if (profile?.profileId !== wanted) {
        throw new SluiceError(
          "INVALID_REQUEST",
          `the sign-in "${wanted}" cannot be used with ${model.provider}: there is none of that name, or it rests after failures`,
        );
      }
      checked["authProfileOverride"] = wanted;
      checked["authProfileOverrideSource"] = "user";
    }
  } else if (checked["model"] === null) {
    checked["providerOverride"] = null;
    checked["modelOverride"] = null;
    checked["authProfileOverride"] = null;
    checked["authProfileOverrideSource"] = null;
  }
  delete checked["model"];
  return checked;
}
