/** Owner of the host's own tools in messages and policies. */
export const CORE_TOOLS = "core";

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  "group:automation": ["cron", "gateway"],
  "group:fs": ["read", "write", "edit", "apply_patch"],
  "group:media": ["image", "image_generate", "music_generate", "video_generate", "tts"],
  "group:memory": ["memory_search", "memory_get"],
  "group:messaging": ["message"],
  "group:nodes": ["nodes"],
  "group:runtime": ["exec", "process", "bash", "code_execution"],
  "group:sessions": [
    "session_status",
    "sessions_history",
    "sessions_list",
    "sessions_send",
    "sessions_spawn",
    "sessions_yield",
    "subagents",
  ],
  "group:ui": ["browser", "canvas"],
  "group:web": ["web_search", "web_fetch", "x_search"],
};

/** Names of tools that hosts of the ecosystem bring themselves, whether this one has them or not. */
const HOST_TOOLS = new Set(Object.values(MEMBERS).flat());

/**
 * Whether a list of tools (`tools.allow`, `tools.deny`, a hook's `toolsAllow`) has an entry for this one: its
 * name, the id of its plugin, a group of the host's tools by name, `group:plugins` for all that are not the
 * host's own, or `*`.
 */
export function isListed(list: readonly string[], tool: { name: string; owner: string }): boolean {
  return list.some((entry) => {
    if (entry === "*" || entry === tool.name) return true;
    if (tool.owner === CORE_TOOLS)
      return Object.hasOwn(MEMBERS, entry) && !!MEMBERS[entry]?.includes(tool.name);
    return entry === "group:plugins" || entry === tool.owner;
  });
}

/**
 * Whether an allow list of the configuration leaves out what it does not name. A list of plugins' tools alone
 * opens those that are optional and leaves the others as they are, as everywhere in the ecosystem.
 */
export function isExclusive(list: readonly string[]): boolean {
  return list.some(
    (entry) => HOST_TOOLS.has(entry) || (entry.startsWith("group:") && entry !== "group:plugins"),
  );
}
