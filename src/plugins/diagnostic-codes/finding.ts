import { diagnosticRows } from "./row.ts";

/** What is found wrong before any code of the plugin runs. */
export const FINDING = diagnosticRows({
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
});
