import { PLUGIN_CONTRACT_VERSION } from "../../contracts/contract-version.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";

/**
 * The runtime of a plugin that only registers: under test, or while it is looked at. Configuration, logging and
 * the state folder answer, and events can be listened to (none comes); every other member exists, so that it
 * may be stored and handed on, and says its name when it is called.
 */
export function offlineRuntime(options: {
  config: () => Readonly<Record<string, unknown>>;
  stateDir: string;
}): PluginRuntime {
  const listen = () => () => {};
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const known: Record<string, unknown> = {
    version: PLUGIN_CONTRACT_VERSION,
    config: withRest("config", { current: options.config, loadConfig: options.config }),
    events: withRest("events", { onAgentEvent: listen, onSessionTranscriptUpdate: listen }),
    logging: withRest("logging", { shouldLogVerbose: () => false, getChildLogger: () => quiet }),
    state: withRest("state", { resolveStateDir: () => options.stateDir }),
  };
  return withRest("", known) as unknown as PluginRuntime;
}

function withRest(path: string, members: Record<string, unknown>): object {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON") {
        return Reflect.get(target, key, receiver) as unknown;
      }
      return unavailable(path === "" ? key : `${path}.${key}`);
    },
  });
}

function unavailable(name: string): unknown {
  const refuse = () => {
    throw new SluiceError(
      "RUNTIME_UNAVAILABLE",
      `api.runtime.${name} was called while the plugin was only registered; call it when something happens`,
    );
  };
  return new Proxy(refuse, {
    get: (target, key) =>
      typeof key === "symbol" || key in target ? Reflect.get(target, key) : unavailable(`${name}.${key}`),
  });
}
