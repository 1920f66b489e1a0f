/** Names a host goes by; a plugin never brings its own. */
export const HOST_PACKAGES: readonly string[] = ["openclaw", "sluice", "clawdbot", "moltbot"];
