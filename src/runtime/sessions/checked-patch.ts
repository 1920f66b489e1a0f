import { SluiceError } from "../../kernel/errors.ts";
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

/** Checks the level names and the model of a change. @throws SluiceError `INVALID_REQUEST` */
export async function checkedPatch(
  patch: Record<string, unknown>,
  models: Pick<Models, "resolve">,
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
    const { model } = await models.resolve(checked["model"]);
    checked["providerOverride"] = model.provider;
    checked["modelOverride"] = model.id;
  } else if (checked["model"] === null) {
    checked["providerOverride"] = null;
    checked["modelOverride"] = null;
  }
  delete checked["model"];
  return checked;
}
