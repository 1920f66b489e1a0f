import { diagnosticRows } from "./row.ts";

/** What the configuration or the operator does not allow. */
export const TRUST = diagnosticRows({
  "config-invalid": {
    when: "plugins.entries.<id>.config does not fit the plugin's schema",
    repair: "Correct the settings that the message lists",
    effect: "plugin",
  },
  "stale-config-reference": {
    when: "The configuration names a plugin that is not installed",
    repair: "Install it, or remove the name",
    effect: "warning",
  },
  "memory-slot-unresolved": {
    when: "plugins.slots.memory names no memory plugin, or another than the one that registers",
    repair: "Set it to the plugin you want",
    effect: "warning",
  },
  "open-allowlist": {
    when: "A plugin that was only found runs, because nobody restricted which may",
    repair: "Enable or disable it by name, or fill plugins.allow",
    effect: "warning",
  },
  "untracked-provenance": {
    when: "Code without an install record runs",
    repair: "Install it with sluice plugins install, or name its folder in plugins.load.paths",
    effect: "warning",
  },
  "explicit-enablement-required": {
    when: "The registration decides over others, and nobody enabled the plugin by name",
    repair: "Set plugins.entries.<id>.enabled to true",
  },
  "bundled-only": {
    when: "Only plugins that come with the gateway may do this",
    repair: "Use what the message offers instead",
  },
  "hook-blocked-conversation-access": {
    when: "The hook shows conversations, and the operator did not agree",
    repair: "Set plugins.entries.<id>.hooks.allowConversationAccess to true",
  },
  "hook-blocked-prompt-injection": {
    when: "The hook changes prompts, and the operator forbade it",
    repair: "Set plugins.entries.<id>.hooks.allowPromptInjection to true",
  },
  "injection-blocked": {
    when: "An injection into the next turn was refused for the same reason",
    repair: "Set plugins.entries.<id>.hooks.allowPromptInjection to true",
  },
});
