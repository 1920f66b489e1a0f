/** What a diagnostic of one code means, for the reference page. */
interface DiagnosticRow {
  readonly when: string;
  readonly repair: string;
  /** Absent: the rest of the plugin works. */
  readonly effect?: "plugin" | "warning" | "note";
}

const table = <Code extends string>(rows: Readonly<Record<Code, DiagnosticRow>>) => rows;

/**
 * The one table of diagnostic codes; each is stable. `effect` says what it costs: the whole `plugin`, nothing (a
 * `warning` or a `note`), or, when absent, the one thing that was registered.
 */
export const DIAGNOSTICS = table({
  // Finding
  "manifest-missing": {
    when: "A folder that was named has no openclaw.plugin.json",
    repair: "Write one; `id` and `configSchema` are required",
    effect: "plugin",
  },
  "manifest-invalid": {
    when: "The manifest cannot be read, or a field that matters is wrong",
    repair: "Correct what the message names; `sluice plugins validate` checks it again",
    effect: "plugin",
  },
  "manifest-id-reserved": {
    when: "The id belongs to the gateway",
    repair: "Choose another id",
    effect: "plugin",
  },
  "manifest-path-ignored": {
    when: "A path in the manifest is absolute or leads out of the plugin's folder",
    repair: "Write it relative to the folder; what it named is not used until then",
    effect: "warning",
  },
  "manifest-config-schema-missing": {
    when: "The manifest has no `configSchema`",
    repair: 'Without settings use `{ "type": "object", "additionalProperties": false }`',
    effect: "plugin",
  },
  "entry-missing": {
    when: "The entry that package.json names is not there",
    repair: "Build the plugin, or correct `openclaw.extensions`",
    effect: "plugin",
  },
  "entry-unsafe-path": {
    when: "An entry or manifest is a link, a device, or lies outside the plugin's folder",
    repair: "Put the real file into the folder",
    effect: "plugin",
  },
  "source-escapes-root": {
    when: "The plugin's files lead out of the folder it was found in",
    repair: "Copy them in, or name the real folder in plugins.load.paths",
    effect: "plugin",
  },
  "path-stat-failed": {
    when: "A path of the plugin cannot be looked at",
    repair: "Check that it exists and may be read",
    effect: "plugin",
  },
  "path-world-writable": {
    when: "Everybody on this machine may change the plugin's code",
    repair: "chmod o-w the folder and its files",
    effect: "plugin",
  },
  "path-suspicious-ownership": {
    when: "The code belongs to another user than you or root",
    repair: "chown it, or run the gateway as its owner",
    effect: "plugin",
  },
  "duplicate-plugin-id": {
    when: "Two folders hold a plugin of one id; the message says which one counts",
    repair: "Remove one of them",
    effect: "warning",
  },
  "colliding-plugin-ids": {
    when: "Two ids differ only in upper and lower case",
    repair: "Rename one; neither loads",
    effect: "plugin",
  },
  "package-entry-collision": {
    when: "Two entries of one package have the same id",
    repair: "Give each its own; none loads",
    effect: "plugin",
  },
  "too-many-plugins": {
    when: "A plugin folder holds more than the gateway looks at",
    repair: "Remove what is not needed",
    effect: "warning",
  },
  "load-path-missing": {
    when: "plugins.load.paths names what does not exist",
    repair: "Correct or remove the path",
    effect: "warning",
  },
  "compat-range-invalid": {
    when: "What package.json asks of its host is no range of versions",
    repair: "Correct `openclaw.compat`",
    effect: "plugin",
  },
  "compat-host-too-old": {
    when: "The package needs a newer contract than this gateway keeps",
    repair: "Update Sluice, or install an older version of the plugin",
    effect: "plugin",
  },
  "required-plugin-missing": {
    when: "The manifest needs a plugin that is not installed",
    repair: "Install it",
    effect: "warning",
  },
  "bundle-part-not-executed": {
    when: "A content pack has parts this gateway reads but does not run",
    repair: "Nothing, or use a plugin for that part",
    effect: "note",
  },
  "channel-config-metadata-missing": {
    when: "The manifest owns a channel without describing its settings",
    repair: "Add `channelConfigs.<channel>.schema`",
    effect: "warning",
  },
  // Configuration and trust
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
  // Loading
  "load-failed": {
    when: "The code cannot be imported",
    repair: "The message has the file and the reason; for missing packages run npm install there",
    effect: "plugin",
  },
  "sdk-incompatible": {
    when: "The code imports what this gateway's SDK has not",
    repair: "Update the plugin or Sluice",
    effect: "plugin",
  },
  "plugin-id-mismatch": {
    when: "Manifest and entry have different ids",
    repair: "Make them equal",
    effect: "plugin",
  },
  "kind-mismatch": {
    when: "Manifest and entry have different kinds; the manifest counts",
    repair: "Make them equal",
    effect: "warning",
  },
  "register-missing": {
    when: "The entry exports no register function",
    repair: "export default definePluginEntry({ … })",
    effect: "plugin",
  },
  "register-async": {
    when: "register(api) returned a promise",
    repair: "Register everything synchronously and start work in a service",
    effect: "plugin",
  },
  "register-failed": {
    when: "register(api) threw; nothing of the plugin stays",
    repair: "Correct what the message says",
    effect: "plugin",
  },
  "registers-only-in-full": {
    when: "The plugin shows nothing while it is only looked at",
    repair: "Nothing; inspect shows what it registers when it runs",
    effect: "note",
  },
  // Registering
  "registration-malformed": {
    when: "What was handed over is not what the kind takes",
    repair: "The message names the field and what it expects",
  },
  "registration-duplicate": {
    when: "The name belongs to somebody already",
    repair: "Choose another name, or disable its owner",
  },
  "reserved-name": {
    when: "The name belongs to the gateway",
    repair: "Choose another name",
  },
  "contract-undeclared": {
    when: "The manifest does not list the name",
    repair: "Add it to the contract that the message names",
  },
  "route-auth-invalid": {
    when: "An HTTP route does not say who may call it",
    repair: 'Set `auth` to "gateway", or to "plugin" when it checks every request itself',
  },
  "route-overlap": {
    when: "An HTTP route overlaps one with another kind of authentication",
    repair: "Choose another path",
  },
  "scope-coerced-admin": {
    when: "A method in a namespace of administrators asked for less",
    repair: "Choose another name, or ask for operator.admin",
    effect: "warning",
  },
  "hook-unknown": {
    when: "There is no hook of that name",
    repair: "See hooks.md",
  },
  "hook-option-ignored": {
    when: "The hook does not take that option",
    repair: "Remove it",
    effect: "warning",
  },
  "hook-typed-name-in-register-hook": {
    when: "registerHook got the name of a typed hook, which never fires there",
    repair: "Use api.on",
  },
  "channel-meta-completed": {
    when: "A channel's `meta` contradicts its id",
    repair: "Set `meta.id` to the channel's id",
    effect: "note",
  },
  "feature-accepted-not-consumed": {
    when: "The registration is stored; this version does nothing with it",
    repair: "Nothing; kinds.md says which kinds these are",
    effect: "note",
  },
  // Older ways, kept alive
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
  "compat-undeclared-contract": {
    when: "The manifest has no contracts at all, as in older packages; the names are accepted",
    repair: "List them in `contracts`",
    effect: "note",
  },
  // Running
  "reload-failed": {
    when: "The changed code does not load; the old code goes on",
    repair: "Correct it and reload again",
    effect: "warning",
  },
  "service-failed": {
    when: "A service did not start, did not stop, or failed later",
    repair: "See the log; reload the plugin after repairing it",
    effect: "warning",
  },
  "uncaught-error": {
    when: "The plugin threw or rejected where nobody waits; the gateway goes on",
    repair: "Catch it where it happens",
    effect: "warning",
  },
  "exit-refused": {
    when: "The plugin tried to end the gateway's process",
    repair: "Throw an error instead",
    effect: "warning",
  },
  "event-loop-held": {
    when: "The plugin's code kept everybody waiting; the message says how long and where",
    repair: "Do long work in pieces, in a worker or in a process of its own",
    effect: "warning",
  },
  "surroundings-changed": {
    when: "The plugin changed something of the process that all share",
    repair: "Keep such changes inside the plugin",
    effect: "warning",
  },
  "resources-left": {
    when: "Intervals or listening sockets of the plugin were open when it had been unloaded; they were closed",
    repair: "Close them in api.lifecycle.onDispose, or in stop of a service",
    effect: "warning",
  },
  "cleanup-failed": {
    when: "Something threw while the plugin was switched off",
    repair: "Correct its stop or dispose function",
    effect: "warning",
  },
  "drain-timeout": {
    when: "Calls into the plugin were still running when it had to go",
    repair: "Listen to api.lifecycle.signal and end early",
    effect: "warning",
  },
});

/** The code of a diagnostic; stable, kebab-case. */
export type DiagnosticCode = keyof typeof DIAGNOSTICS;
