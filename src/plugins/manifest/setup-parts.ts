import type {
  ManifestAuthEvidence,
  ManifestNativeSessionCatalog,
  ManifestSetup,
} from "../../contracts/manifest.ts";
import { defined, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";

/** What set-up screens know before the plugin runs (spec 1.6). */
export function readSetup(value: unknown): ManifestSetup | undefined {
  if (!isPlain(value)) return undefined;
  return {
    providers: items(value["providers"], (item) => {
      const id = text(item["id"]);
      if (id === undefined) return undefined;
      return {
        id,
        authMethods: texts(item["authMethods"]),
        envVars: texts(item["envVars"]),
        authEvidence: items(item["authEvidence"], readAuthEvidence),
      };
    }),
    cliBackends: texts(value["cliBackends"]),
    configMigrations: texts(value["configMigrations"]),
    ...defined({
      nativeSessionCatalog: readNativeSessionCatalog(value["nativeSessionCatalog"]),
      requiresRuntime: flag(value["requiresRuntime"]),
    }),
  };
}

function readAuthEvidence(item: Plain): ManifestAuthEvidence | undefined {
  const credentialMarker = text(item["credentialMarker"]);
  const fileEnvVar = text(item["fileEnvVar"]);
  const fallbackPaths = texts(item["fallbackPaths"]);
  if (item["type"] !== "local-file-with-env" || credentialMarker === undefined) return undefined;
  if (fileEnvVar === undefined && fallbackPaths.length === 0) return undefined;
  return {
    type: "local-file-with-env",
    ...defined({ fileEnvVar, source: text(item["source"]) }),
    fallbackPaths,
    requiresAnyEnv: texts(item["requiresAnyEnv"]),
    requiresAllEnv: texts(item["requiresAllEnv"]),
    credentialMarker,
  };
}

function readNativeSessionCatalog(value: unknown): ManifestNativeSessionCatalog | undefined {
  const label = isPlain(value) ? text(value["label"]) : undefined;
  if (!isPlain(value) || label === undefined) return undefined;
  return {
    label,
    nodeCommands: texts(value["nodeCommands"]),
    ...defined({
      description: text(value["description"]),
      legacyDefaultEnabled: flag(value["legacyDefaultEnabled"]),
    }),
  };
}
