import type { PluginRecord } from "../types.ts";
import type { PluginShape } from "./shape.ts";

/** How a plugin stands towards this host (spec 2.18). */
export type CompatibilitySignal = "config valid" | "compatibility advisory" | "legacy warning" | "hard error";

export interface CompatibilityNotice {
  readonly pluginId: string;
  readonly code: string;
  readonly compatCode: string;
  readonly severity: "info" | "warn" | "error";
  readonly message: string;
}

export interface CompatibilityReport {
  readonly signal: CompatibilitySignal;
  readonly notices: readonly CompatibilityNotice[];
}

/** Older patterns this host keeps alive, by the diagnostic that shows their use. */
export const COMPATIBILITY_TABLE: Readonly<
  Record<string, { compatCode: string; status: "active" | "deprecated"; replacement: string }>
> = {
  "compat-hook-only": {
    compatCode: "hook-only-plugin-shape",
    status: "active",
    replacement: "register the capability itself where there is one",
  },
  "compat-before-agent-start": {
    compatCode: "legacy-before-agent-start",
    status: "deprecated",
    replacement: "before_model_resolve or before_prompt_build",
  },
  "compat-memory-embedding": {
    compatCode: "deprecated-memory-embedding-provider-api",
    status: "deprecated",
    replacement: "registerEmbeddingProvider",
  },
  "compat-memory-registrars": {
    compatCode: "legacy-memory-registrars",
    status: "deprecated",
    replacement: "registerMemoryCapability",
  },
  "compat-flat-alias": {
    compatCode: "flat-session-api-aliases",
    status: "deprecated",
    replacement: "the grouped namespaces of the api object",
  },
  "compat-hook-alias": {
    compatCode: "legacy-deactivate-hook-alias",
    status: "deprecated",
    replacement: "gateway_stop",
  },
  "compat-config-load-write": {
    compatCode: "runtime-config-load-write",
    status: "deprecated",
    replacement: "config.current and config.mutateConfigFile",
  },
  "compat-pi-prompt-surface": {
    compatCode: "pi-prompt-surface-alias",
    status: "deprecated",
    replacement: "the prompt surface openclaw_main",
  },
  "compat-broad-sdk-barrel": {
    compatCode: "broad-sdk-barrels",
    status: "deprecated",
    replacement: "the narrow subpaths that docs/plugins/sdk-subpaths.md names",
  },
  "compat-undeclared-contract": {
    compatCode: "manifest-without-contracts",
    status: "deprecated",
    replacement: "contracts in the manifest",
  },
};

export function compatibilityOf(
  record: Pick<PluginRecord, "id" | "status" | "error" | "diagnostics">,
  shape: PluginShape | undefined,
  /** Wide SDK subpaths that its code imports. */
  barrels: readonly string[] = [],
): CompatibilityReport {
  const notices: CompatibilityNotice[] = [];
  const add = (
    diagnostic: { readonly code: string; readonly message: string },
    severity: CompatibilityNotice["severity"],
  ) => {
    const compatCode = COMPATIBILITY_TABLE[diagnostic.code]?.compatCode ?? diagnostic.code;
    notices.push({
      pluginId: record.id,
      code: diagnostic.code,
      compatCode,
      severity,
      message: diagnostic.message,
    });
  };
  if (record.status === "error") add({ code: "hard-error", message: record.error ?? "not loaded" }, "error");
  if (shape === "hook-only") {
    add(
      { code: "compat-hook-only", message: "registers hooks only; supported, and it will stay so" },
      "info",
    );
  }
  if (barrels.length > 0) {
    const message = `imports ${barrels.join(", ")}; they work, narrow subpaths start faster`;
    add({ code: "compat-broad-sdk-barrel", message }, "info");
  }
  for (const diagnostic of record.diagnostics) {
    if (!COMPATIBILITY_TABLE[diagnostic.code]) continue;
    add(diagnostic, diagnostic.code === "compat-before-agent-start" ? "warn" : "info");
  }
  return { signal: signalOf(notices), notices };
}

function signalOf(notices: readonly CompatibilityNotice[]): CompatibilitySignal {
  if (notices.some(({ severity }) => severity === "error")) return "hard error";
  if (notices.some(({ code }) => code === "compat-before-agent-start")) return "legacy warning";
  return notices.length > 0 ? "compatibility advisory" : "config valid";
}
