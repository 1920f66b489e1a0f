import { diagnosticRows } from "./row.ts";

/** What goes wrong between importing the code and the end of `register(api)`. */
export const LOADING = diagnosticRows({
  "load-failed": {
    when: "The code cannot be imported",
    repair: "The message has the file and the reason; for missing packages run npm install there",
    effect: "plugin",
  },
  "import-slow": {
    when: "The import of the code takes so long that the other plugins went ahead; it goes on",
    repair: "Wait, or do long work in a service instead of while the module loads",
    effect: "warning",
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
});
