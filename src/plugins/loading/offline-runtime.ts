import { PLUGIN_CONTRACT_VERSION } from "../../contracts/contract-version.ts";
import type { PluginRuntime } from "../../contracts/runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";

const ONLY_REGISTERED = "was called while the plugin was only registered; call it when something happens";

/**
 * The runtime of a plugin without a gateway around it: under test, while it is looked at, on the command line.
 * Configuration, logging and the state folder answer, and events can be listened to (none comes); every other
 * member exists, so that it may be stored and handed on, and says its name and `whyNot` when it is called.
 */
export function offlineRuntime(options: {
  config: () => Readonly<Record<string, unknown>>;
  stateDir: string;
  /** Goes on after the member's name. */
  whyNot?: string;
  /** What answers as well. */
  system?: Partial<PluginRuntime["system"]>;
  /** Members of `config` besides those that read. */
  configWrites?: Partial<PluginRuntime["config"]>;
}): PluginRuntime {
  const listen = () => () => {};
  const { whyNot = ONLY_REGISTERED } = options;
  const withRest = (path: string, members: object) => namedRest(path, members, whyNot);
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const known: Record<string, unknown> = {
    version: PLUGIN_CONTRACT_VERSION,
    config: withRest("config", {
      current: options.config,
      loadConfig: options.config,
      ...options.configWrites,
    }),
    events: withRest("events", { onAgentEvent: listen, onSessionTranscriptUpdate: listen }),
    logging: withRest("logging", { shouldLogVerbose: () => false, getChildLogger: () => quiet }),
    state: withRest("state", { resolveStateDir: () => options.stateDir }),
    ...(options.system ? { system: withRest("system", options.system) } : {}),
  };
  return withRest("", known) as unknown as PluginRuntime;
}

function namedRest(path: string, members: object, whyNot: string): object {
  return new Proxy(members, {
    get(target, key, receiver) {
      if (typeof key === "symbol" || key in target || key === "then" || key === "toJSON") {
        return Reflect.get(target, key, receiver) as unknown;
      }
      return unavailable(path === "" ? key : `${path}.${key}`, whyNot);
    },
  });
}

function unavailable(name: string, whyNot: string): unknown {
  const refuse = () => {
    throw new SluiceError("RUNTIME_UNAVAILABLE", `api.runtime.${name} ${whyNot}`);
  };
  return new Proxy(refuse, {
    get: (target, key) =>
      typeof key === "symbol" || key in target
        ? Reflect.get(target, key)
        : unavailable(`${name}.${key}`, whyNot),
  });
}
