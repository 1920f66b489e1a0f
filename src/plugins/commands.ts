import type { PluginCommand, PluginCommandContext, PluginCommandResult } from "../contracts/registrations.ts";
import { errorMessage } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { coversAll } from "../protocol/scopes.ts";
import type { PromptGuidance } from "./registry/kinds/commands.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

export interface MatchedCommand {
  readonly entry: RegistryEntry<PluginCommand>;
  /** Text after the name, `""` without any. */
  readonly args: string;
}

const COMMAND_LINE = /^\/([a-z][a-z0-9_-]*)(?:\s+([\s\S]*))?$/i;

/** The plugin command a message calls, if its surface and form allow it (spec 3.5). */
export function matchCommand(
  generation: RegistryGeneration,
  text: string,
  channel: string,
): MatchedCommand | undefined {
  const match = COMMAND_LINE.exec(text.trim());
  if (!match) return undefined;
  const entry = generation.get<PluginCommand>("command", (match[1] as string).toLowerCase());
  if (!entry) return undefined;
  const args = (match[2] ?? "").trim();
  const { acceptsArgs, channels } = entry.value;
  if (args !== "" && !acceptsArgs) return undefined;
  if (channels && !channels.some((name) => isSameChannel(name, channel))) return undefined;
  return { entry, args };
}

/** Channel ids are compared without regard to case and blanks around them. */
function isSameChannel(named: string, channel: string): boolean {
  return named.trim().toLowerCase() === channel.toLowerCase();
}

/**
 * Runs a matched command. Senders that may not use it get a refusal, a failing handler a general apology:
 * what went wrong is in the log, never in the chat.
 */
export async function runCommand(
  {
    entry,
    args,
  }: { readonly entry: Pick<MatchedCommand["entry"], "pluginId" | "value">; readonly args: string },
  context: Omit<PluginCommandContext, "args">,
  logger: Pick<Logger, "error">,
): Promise<PluginCommandResult> {
  const { name, requireAuth, requiredScopes, exposeSenderIsOwner, handler } = entry.value;
  const scopes = context["gatewayClientScopes"];
  const scoped = requiredScopes !== undefined && requiredScopes.length > 0;
  if (requireAuth && !context.isAuthorizedSender) return { text: `You may not use /${name} here.` };
  if (scoped && context.senderIsOwner !== true) {
    const held: string[] = Array.isArray(scopes) ? scopes : [];
    const missing = requiredScopes.filter((scope) => !coversAll(held, [scope]));
    if (missing.length > 0) return { text: `/${name} needs ${missing.join(", ")}.` };
  }
  const { senderIsOwner, ...rest } = context;
  const shown = scoped || exposeSenderIsOwner ? { ...rest, senderIsOwner } : rest;
  try {
    const full = { ...shown, ...(args === "" ? {} : { args }) } as PluginCommandContext;
    return (await handler(full)) ?? {};
  } catch (error) {
    logger.error(`command /${name} of plugin "${entry.pluginId}" failed`, { error: errorMessage(error) });
    return { text: `/${name} failed. The gateway's log says why.`, isError: true };
  }
}

/**
 * Routing hints that commands give the agent on one prompt surface. The Codex app server only takes text
 * that names it; every other surface also takes text without a surface (spec 3.5).
 */
export function commandGuidance(generation: RegistryGeneration, surface: string): readonly string[] {
  const lines = generation
    .list<PluginCommand & { agentPromptGuidance: readonly PromptGuidance[] }>("command")
    .slice()
    .sort((a, b) => compare(a.pluginId, b.pluginId) || compare(a.key, b.key))
    .flatMap(({ value }) => value.agentPromptGuidance)
    .filter(({ surfaces }) => surfaces?.includes(surface) ?? surface !== "codex_app_server")
    .map(({ text }) => text);
  return [...new Set(lines)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
