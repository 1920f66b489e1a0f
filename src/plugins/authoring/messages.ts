import type { CheckResult } from "./check.ts";
import type { ContractReport } from "./test-plugin.ts";

/** What the process of a contract run tells the one that started it. */
export type ContractMessage =
  | { readonly kind: "found"; readonly plugin: Pick<ContractReport, "folder" | "pluginIds" | "version"> }
  | { readonly kind: "started"; readonly check: Pick<CheckResult, "name" | "statement"> }
  | { readonly kind: "done"; readonly result: CheckResult }
  | { readonly kind: "report"; readonly report: ContractReport }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };
