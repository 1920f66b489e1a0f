import { shownLine } from "../../kernel/shown-text.ts";
import { describeClaims } from "../../plugins/install/claims.ts";
import type { InstallReview } from "../../plugins/install/types.ts";
import type { CommandContext } from "../context.ts";
import type { Consent } from "./plugins-control.ts";

/** Shows what a package claims on stderr and asks; `--yes` agrees, no terminal refuses. */
export function consentOf(context: CommandContext, yes: boolean): Consent {
  return async (review) => {
    if (!context.output.json || !yes) context.output.note(describe(review));
    if (yes) return true;
    const verb = review.mode === "update" ? "Update" : "Install and enable";
    const question = `${verb} ${shownLine(review.pluginId)}? [y/N] `;
    return context.output.question(() => ask(question, false));
  };
}

/** Asks on the terminal; `otherwise` where there is none. */
export async function ask(question: string, otherwise: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return otherwise;
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

/** Each fact on a line of its own: what a manifest says can not add lines to what is asked. */
function describe(review: InstallReview): string {
  const { name, version, packageName, description, resolvedSpec, integrity, claims, warnings } = review;
  return [
    `${name}${version ? ` ${version}` : ""}${packageName ? ` (${packageName})` : ""}`,
    ...(description ? [`  ${description}`] : []),
    `  from ${resolvedSpec}`,
    `  ${integrity}`,
    "It says that it",
    ...(claims.length === 0 ? ["  claims nothing"] : describeClaims(claims).map((line) => `  - ${line}`)),
    ...warnings.map((warning) => `Mind: ${warning}`),
  ]
    .map(shownLine)
    .join("\n");
}
