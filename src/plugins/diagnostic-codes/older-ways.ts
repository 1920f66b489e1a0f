import { diagnosticRows } from "./row.ts";

/** Older names and ways that still work. */
export const OLDER_WAYS = diagnosticRows({
  "compat-hook-alias": {
    when: "An older name of a hook",
    repair: "Use the name that the message gives",
    effect: "note",
  },
  "compat-before-agent-start": {
    when: "The hook before_agent_start",
    repair: "Use before_model_resolve or before_prompt_build",
    effect: "warning",
  },
  "compat-memory-embedding": {
    when: "registerMemoryEmbeddingProvider",
    repair: "Use registerEmbeddingProvider",
    effect: "note",
  },
  "compat-memory-registrars": {
    when: "The separate setters of the memory",
    repair: "Use registerMemoryCapability",
    effect: "note",
  },
  "compat-pi-prompt-surface": {
    when: "The older name of the main prompt in a command's agentPromptGuidance",
    repair: 'Use "openclaw_main"',
    effect: "note",
  },
  "compat-flat-alias": {
    when: "A flat name of a method that lies in a namespace of `api` now",
    repair: "Use the name that the message gives",
    effect: "note",
  },
  "compat-undeclared-contract": {
    when: "The manifest has no contracts at all, as in older packages; the names are accepted",
    repair: "List them in `contracts`",
    effect: "note",
  },
});
