/** Words a person types for the host rather than for the agent (spec 1.18.10). */

const BUILT_IN = new Set([
  "help",
  "commands",
  "status",
  "new",
  "reset",
  "stop",
  "abort",
  "model",
  "models",
  "think",
  "verbose",
  "reasoning",
  "queue",
  "compact",
  "elevated",
  "approve",
  "allowlist",
  "whoami",
  "usage",
  "activation",
  "send",
  "config",
]);
const ABORT_WORDS = new Set(["stop", "abort", "esc", "wait", "exit", "interrupt", "/stop", "/abort"]);
const DIRECTIVE = /(?:^|\s)\/(?:think|t|verbose|v|reasoning|elevated|model|queue)(?::|\s|$)/i;

/** True when the whole text is a known command. `extra` are names of plugin commands. */
export function hasControlCommand(text: string | undefined, extra?: ReadonlySet<string>): boolean {
  const match = /^\/([a-z0-9_-]+)(?:\s|:|$)/i.exec((text ?? "").trim());
  if (!match) return false;
  const name = (match[1] as string).toLowerCase();
  return BUILT_IN.has(name) || extra?.has(name) === true;
}

/** True for a text that only asks to stop what is running. */
export function isAbortText(text: string | undefined): boolean {
  return ABORT_WORDS.has(
    (text ?? "")
      .trim()
      .toLowerCase()
      .replace(/[.!]+$/, ""),
  );
}

export function isControlCommandMessage(text: string | undefined, extra?: ReadonlySet<string>): boolean {
  return hasControlCommand(text, extra) || isAbortText(text);
}

export function shouldComputeCommandAuthorized(
  text: string | undefined,
  extra?: ReadonlySet<string>,
): boolean {
  return isControlCommandMessage(text, extra) || DIRECTIVE.test(text ?? "");
}

export interface CommandAuthorizer {
  configured: boolean;
  allowed: boolean;
}

export function resolveCommandAuthorizedFromAuthorizers(params: {
  useAccessGroups: boolean;
  authorizers: readonly CommandAuthorizer[];
  modeWhenAccessGroupsOff?: "allow" | "deny" | "configured";
}): boolean {
  const someAllow = params.authorizers.some((entry) => entry.configured && entry.allowed);
  if (params.useAccessGroups) return someAllow;
  const mode = params.modeWhenAccessGroupsOff ?? "allow";
  if (mode === "configured") return someAllow || !params.authorizers.some((entry) => entry.configured);
  return mode === "allow";
}
