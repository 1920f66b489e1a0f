import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { policyId } from "../discovery/candidate.ts";
import { MAX_PLUGIN_ID_LENGTH } from "../manifest/limits.ts";
import { findDefinition, findSetupDefinition, type LoadedDefinition } from "./definition.ts";
import type { PluginInstance } from "./instance.ts";
import type { LoadEnvironment } from "./load-environment.ts";
import { type LoadRequest, usesSetupEntry } from "./loaded-plugin.ts";
import { PluginFailure } from "./plugin-failure.ts";

/** How long the entry of a plugin may take to import; one that never ends must not keep the others waiting. */
export const IMPORT_LIMIT_MS = 15_000;

/**
 * Imports a plugin's entry and finds what it defines. `onBegun` is called when the plugin's own code begins to
 * be imported. Ends early when the instance is retired; Node goes on with the import all the same.
 *
 * @throws PluginFailure, `TIMEOUT`, or the reason of the retirement
 */
export async function importDefinition(
  environment: LoadEnvironment,
  request: LoadRequest,
  instance: PluginInstance,
  entry: string,
  onBegun: () => void,
): Promise<LoadedDefinition> {
  const { clock, leftovers, trace } = environment;
  const { candidate } = request.known;
  const importing = () => importEntry(environment, request, entry, onBegun);
  const work = candidate.origin === "bundled" ? instance.runNow(importing) : instance.run(importing);
  const settle = () => {
    // What nobody waits for any longer may have opened more since it was given up.
    if (instance.retired) leftovers?.settle(instance);
  };
  work.then(settle, settle);
  const wanted = unlessRetired(work, instance.signal);
  const module = await withDeadline(wanted, IMPORT_LIMIT_MS, `importing ${entry}`, clock);
  trace.exports(candidate.id, entry, module);
  const definition = usesSetupEntry(request) ? findSetupDefinition(module) : findDefinition(module);
  if (!definition) {
    throw new PluginFailure("validation", "register-missing", `${entry} exports no register function`);
  }
  const { id } = definition;
  if (id !== undefined && !(typeof id === "string" && sameId(id, candidate.id))) {
    throw new PluginFailure(
      "validation",
      "plugin-id-mismatch",
      `the manifest says "${candidate.id}", the entry exports "${shortened(id)}"; make them equal`,
    );
  }
  return definition;
}

async function importEntry(
  environment: LoadEnvironment,
  request: LoadRequest,
  entry: string,
  onBegun: () => void,
): Promise<unknown> {
  const { candidate } = request.known;
  const light = request.mode === "cli-metadata" ? candidate.cliMetadataEntry : undefined;
  const chosen = (usesSetupEntry(request) ? candidate.setupEntry : light) ?? entry;
  try {
    const load = await environment.loader.ready({
      entry: chosen,
      realRoot: candidate.realRoot,
      version: request.moduleVersion,
      bundled: candidate.origin === "bundled",
    });
    const loading = load();
    onBegun();
    return await loading;
  } catch (error) {
    const incompatible = isSluiceError(error) && error.code === "PLUGIN_SDK_INCOMPATIBLE";
    throw new PluginFailure(
      "load",
      incompatible ? "sdk-incompatible" : "load-failed",
      errorMessage(error),
      error,
    );
  }
}

function unlessRetired<T>(work: Promise<T>, retired: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(retired.reason);
    const end = () => retired.removeEventListener("abort", giveUp);
    retired.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(end);
  });
}

/** A package with several entries has ids like `package/entry`; the entry may export either part. */
function sameId(exported: string, id: string): boolean {
  const wanted = policyId(id);
  const given = policyId(exported);
  return given === wanted || (wanted.includes("/") && wanted.split("/").includes(given));
}

function shortened(value: unknown): string {
  return String(value).slice(0, MAX_PLUGIN_ID_LENGTH);
}
