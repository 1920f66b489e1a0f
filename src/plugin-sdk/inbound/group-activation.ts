/** Whether the agent answers in a group without being addressed. */
export type GroupActivation = "mention" | "always";

export function normalizeGroupActivation(raw: string | null | undefined): GroupActivation | undefined {
  const value = raw?.trim().toLowerCase();
  return value === "mention" || value === "always" ? value : undefined;
}

/** `/activation`, `/activation always`, `/activation: mention`; without a known word it only asks. */
export function parseActivationCommand(raw: string | null | undefined): {
  hasCommand: boolean;
  mode?: GroupActivation;
} {
  const match = /^\/activation(?:\s*:\s*|\s+|$)([a-z]*)\s*$/i.exec(raw?.trim() ?? "");
  if (!match) return { hasCommand: false };
  const mode = normalizeGroupActivation(match[1]);
  return mode === undefined ? { hasCommand: true } : { hasCommand: true, mode };
}
