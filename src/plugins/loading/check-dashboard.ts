import type { RegistrationDraft } from "../registry/draft.ts";
import { PluginFailure } from "./plugin-failure.ts";

/** A dashboard may only name the plugin's own methods, with the scope its use needs (spec 1.13). */
export function checkDashboard({ registrant, items }: RegistrationDraft): void {
  const dashboard = registrant.manifest.dashboard;
  if (!dashboard) return;
  const check = (method: string, scope: string, id: string) => {
    const item = items.find(({ row, keys }) => row.kind === "gatewayMethod" && keys[0] === method);
    const actual = (item?.value as { scope?: string } | undefined)?.scope;
    if (actual === scope) return;
    const problem = item ? `has scope ${actual}, not ${scope}` : "is not registered by this plugin";
    throw new PluginFailure(
      "register",
      "manifest-invalid",
      `dashboard "${id}": the method "${method}" ${problem}`,
    );
  };
  for (const { id, method } of dashboard.dataBindings) check(method, "operator.read", id);
  for (const { id, method } of dashboard.actionVerbs) check(method, "operator.write", id);
}
