import { readPath } from "./values/records.ts";

/** A flag of `diagnostics.flags` or of `SLUICE_DIAGNOSTICS`; `*` and `area.*` match what they stand for. */
export function isDiagnosticFlagEnabled(
  flag: string,
  cfg?: object,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const configured = readPath(cfg, ["diagnostics", "flags"]);
  const given = (env["SLUICE_DIAGNOSTICS"] ?? env["OPENCLAW_DIAGNOSTICS"] ?? "").split(/[\s,]+/);
  const patterns = [...(Array.isArray(configured) ? configured.map(String) : []), ...given];
  const wanted = flag.trim().toLowerCase();
  return patterns
    .map((pattern) => pattern.trim().toLowerCase())
    .some((pattern) => {
      if (pattern === "*" || pattern === "all" || pattern === "1" || pattern === "true") return true;
      return pattern.endsWith(".*")
        ? wanted.startsWith(pattern.slice(0, -1))
        : pattern !== "" && pattern === wanted;
    });
}
