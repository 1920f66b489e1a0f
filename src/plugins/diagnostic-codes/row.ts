/** What a diagnostic of one code means, for the reference page. */
export interface DiagnosticRow {
  readonly when: string;
  readonly repair: string;
  /** What it costs: the whole `plugin`, or nothing. Absent: the one thing that was registered. */
  readonly effect?: "plugin" | "warning" | "note";
}

/** Rows by their code; the codes stay known to the compiler. */
export function diagnosticRows<Code extends string>(
  rows: Readonly<Record<Code, DiagnosticRow>>,
): Readonly<Record<Code, DiagnosticRow>> {
  return rows;
}
