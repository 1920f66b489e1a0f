import { FINDING } from "./diagnostic-codes/finding.ts";
import { LOADING } from "./diagnostic-codes/loading.ts";
import { OLDER_WAYS } from "./diagnostic-codes/older-ways.ts";
import { REGISTERING } from "./diagnostic-codes/registering.ts";
import { RUNNING } from "./diagnostic-codes/running.ts";
import { TRUST } from "./diagnostic-codes/trust.ts";

/** The one table of diagnostic codes, in the order of a plugin's life; each code is stable. */
export const DIAGNOSTICS = {
  ...FINDING,
  ...TRUST,
  ...LOADING,
  ...REGISTERING,
  ...OLDER_WAYS,
  ...RUNNING,
};

/** The code of a diagnostic; stable, kebab-case. */
export type DiagnosticCode = keyof typeof DIAGNOSTICS;
