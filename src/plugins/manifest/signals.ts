import type {
  ManifestAuthSignal,
  ManifestConfigSignal,
  ManifestSignals,
} from "../../contracts/capability-metadata.ts";
import { defined, filled, isPlain, items, type Plain, text, texts } from "./fields.ts";

const USUAL_MODE_PATH = "mode";

/** The two lists of signs that something is set up (spec 1.12). */
export function readSignals(source: Plain): ManifestSignals {
  return {
    configSignals: items(source["configSignals"], readConfigSignal),
    authSignals: items(source["authSignals"], readAuthSignal),
  };
}

function readConfigSignal(item: Plain): ManifestConfigSignal | undefined {
  const rootPath = text(item["rootPath"]);
  const required = filled(texts(item["required"]));
  const requiredAny = filled(texts(item["requiredAny"]));
  const mode = readMode(item["mode"]);
  // Without a condition it would always be true.
  if (rootPath === undefined || !(required || requiredAny || mode)) return undefined;
  return {
    rootPath,
    ...defined({
      overlayPath: text(item["overlayPath"]),
      overlayMapPath: text(item["overlayMapPath"]),
      required,
      requiredAny,
      mode,
    }),
  };
}

function readMode(value: unknown): ManifestConfigSignal["mode"] {
  if (!isPlain(value)) return undefined;
  const path = text(value["path"]);
  const allowed = filled(texts(value["allowed"]));
  const disallowed = filled(texts(value["disallowed"]));
  // Published manifests leave the path out where it is the usual one.
  if (path === undefined && !allowed && !disallowed) return undefined;
  return {
    path: path ?? USUAL_MODE_PATH,
    ...defined({ default: text(value["default"]), allowed, disallowed }),
  };
}

function readAuthSignal(item: Plain): ManifestAuthSignal | undefined {
  const provider = text(item["provider"]);
  if (provider === undefined) return undefined;
  const base = item["providerBaseUrl"];
  if (base === undefined) return { provider };
  const owner = isPlain(base) ? text(base["provider"]) : undefined;
  const allowedBaseUrls = isPlain(base) ? texts(base["allowedBaseUrls"]) : [];
  // A sign for some addresses must not become one for all because they cannot be read.
  if (!isPlain(base) || owner === undefined || allowedBaseUrls.length === 0) return undefined;
  return {
    provider,
    providerBaseUrl: {
      provider: owner,
      ...defined({ defaultBaseUrl: text(base["defaultBaseUrl"]) }),
      allowedBaseUrls,
    },
  };
}
