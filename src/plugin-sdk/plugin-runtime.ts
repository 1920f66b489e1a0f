/**
 * The runner of the typed hooks, for plugins that deliver messages by themselves. `null`: this host runs
 * them on its own delivery path, which every message takes.
 */
export function getGlobalHookRunner(): null {
  return null;
}
