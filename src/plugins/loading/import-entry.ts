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

/** Imports a plugin's entry and finds what it defines. @throws PluginFailure, or `TIMEOUT` */
export async function importDefinition(
  environment: LoadEnvironment,
  request: LoadRequest,
  instance: PluginInstance,
  entry: string,
): Promise<LoadedDefinition> {
  const { candidate } = request.known;
  const work = instance.run(() => importEntry(environment, request, entry));
  const module = await withDeadline(work, IMPORT_LIMIT_MS, `importing ${entry}`, environment.clock);
  environment.trace.exports(candidate.id, entry, module);
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
): Promise<unknown> {
  const { candidate } = request.known;
  const light = request.mode === "cli-metadata" ? candidate.cliMetadataEntry : undefined;
  const chosen = (usesSetupEntry(request) ? candidate.setupEntry : light) ?? entry;
  try {
    return await environment.loader.load({
      entry: chosen,
      realRoot: candidate.realRoot,
      version: request.moduleVersion,
      bundled: candidate.origin === "bundled",
    });
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

/** A package with several entries has ids like `package/entry`; the entry may export either part. */
function sameId(exported: string, id: string): boolean {
  const wanted = policyId(id);
  const given = policyId(exported);
  return given === wanted || (wanted.includes("/") && wanted.split("/").includes(given));
}

function shortened(value: unknown): string {
  return String(value).slice(0, MAX_PLUGIN_ID_LENGTH);
}
