import { open } from "node:fs/promises";
import { join } from "node:path";
import type { ChannelConfig } from "../contracts/channel.ts";
import { resolveAgentWorkspaceDir } from "./agents/agent-settings.ts";
import { truncateUtf8Prefix } from "./values/text.ts";

/** Files of an agent's workspace that tell a speaking model who it is. */
export const REALTIME_BOOTSTRAP_CONTEXT_FILE_NAMES: readonly string[] = Object.freeze([
  "SOUL.md",
  "IDENTITY.md",
  "USER.md",
]);

/** What is read of one file, in bytes. */
export const MAX_BOOTSTRAP_FILE_BYTES = 8_192;

/** The files' texts as instructions; `undefined` when none of them says anything. */
export async function resolveRealtimeBootstrapContextInstructions(params: {
  config: ChannelConfig;
  agentId: string;
  sessionKey?: string;
  /** Names out of {@link REALTIME_BOOTSTRAP_CONTEXT_FILE_NAMES}; left out: all of them. */
  files?: readonly string[];
  warn?(message: string): void;
}): Promise<string | undefined> {
  const folder = resolveAgentWorkspaceDir(params.config, params.agentId);
  const parts: string[] = [];
  for (const name of params.files ?? REALTIME_BOOTSTRAP_CONTEXT_FILE_NAMES) {
    if (!REALTIME_BOOTSTRAP_CONTEXT_FILE_NAMES.includes(name)) {
      params.warn?.(`${name} is none of the files that may be read`);
      continue;
    }
    const text = await readStart(join(folder, name), () =>
      params.warn?.(`${name} is cut to its beginning`),
    ).catch((error: { code?: unknown }) => {
      if (error.code !== "ENOENT") params.warn?.(`${name} cannot be read`);
      return "";
    });
    if (text !== "") parts.push(`## ${name}\n${text}`);
  }
  return parts.length > 0
    ? ["What you know about yourself and the person you talk to:", ...parts].join("\n\n")
    : undefined;
}

async function readStart(file: string, onCut: () => void): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BOOTSTRAP_FILE_BYTES + 4), 0);
    if (bytesRead > MAX_BOOTSTRAP_FILE_BYTES) onCut();
    return truncateUtf8Prefix(
      buffer.subarray(0, bytesRead).toString("utf8"),
      MAX_BOOTSTRAP_FILE_BYTES,
    ).trim();
  } finally {
    await handle.close();
  }
}
