import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { TurnRequest } from "../../store/records.ts";
import type { TurnParts } from "./turn-parts.ts";

/** Files that handlers may bring into one turn; the rest is left out. */
export const MAX_BOOTSTRAP_FILES = 32;
/** Characters of all of them together. */
export const MAX_BOOTSTRAP_CHARS = 65_536;

/** A text among the standing instructions of a turn; one that is `missing` says nothing. */
interface BootstrapFile {
  name: string;
  content?: string;
  missing?: boolean;
}

/**
 * What handlers of the colon event `agent:bootstrap` put into `context.bootstrapFiles` (plugin-sdk spec 3.6). The
 * gateway has no such files of its own: the list begins empty. Plugins that may not
 * change prompts are not told.
 */
export async function bootstrapInstructions(
  { hooks, config }: Pick<TurnParts, "hooks" | "config">,
  { sessionKey, agentId }: TurnRequest,
  { sessionId, workspaceDir }: AgentHookContext,
): Promise<string | undefined> {
  const { config: cfg } = config.current();
  const context: Record<string, unknown> = {
    agentId,
    sessionKey,
    sessionId,
    workspaceDir,
    cfg,
    bootstrapFiles: [] satisfies BootstrapFile[],
  };
  const event = { type: "agent", action: "bootstrap", sessionKey, context } as const;
  await hooks.announce(event);
  const files = context["bootstrapFiles"];
  if (!Array.isArray(files)) return undefined;
  const text = files
    .filter(isSaid)
    .slice(0, MAX_BOOTSTRAP_FILES)
    .map(({ name, content }) => `# ${name}\n\n${content}`)
    .join("\n\n")
    .slice(0, MAX_BOOTSTRAP_CHARS);
  return text === "" ? undefined : text;
}

function isSaid(file: unknown): file is Required<BootstrapFile> {
  const { name, content, missing } = (file ?? {}) as BootstrapFile;
  return typeof name === "string" && typeof content === "string" && content.trim() !== "" && missing !== true;
}
