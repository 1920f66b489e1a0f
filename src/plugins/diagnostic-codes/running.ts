import { diagnosticRows } from "./row.ts";

/** What happens while the plugin runs, and when it goes. */
export const RUNNING = diagnosticRows({
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
  "hook-async-result-ignored": {
    when: "A handler of a synchronous hook returned a promise; what it resolves to is not used",
    repair: "Return the result itself; the hook cannot wait",
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
