import type { PackageMetadata } from "../../contracts/manifest.ts";
import { CONTRACT_BRANDS } from "../brands.ts";
import { defined, isPlain, type Plain, text, texts } from "./fields.ts";

/** Normalises `package.json` to what the host needs of it (spec 1.15). */
export function normalisePackage(value: unknown): PackageMetadata | undefined {
  if (!isPlain(value)) return undefined;
  const brand = CONTRACT_BRANDS.find((name) => pick(value[name]));
  const block = brand && pick(value[brand]);
  const lists = (key: string) => (Array.isArray(block?.[key]) ? texts(block?.[key]) : undefined);
  const channel = pick(block?.["channel"]);
  const compat = pick(block?.["compat"]);
  const plugin = pick(block?.["plugin"]);
  return {
    dependencies: Object.keys(pick(value["dependencies"]) ?? {}),
    ...defined({
      packageName: text(value["name"]),
      packageVersion: text(value["version"]),
      extensions: lists("extensions"),
      runtimeExtensions: lists("runtimeExtensions"),
      setupEntry: text(block?.["setupEntry"]),
      runtimeSetupEntry: text(block?.["runtimeSetupEntry"]),
      plugin: plugin ? defined({ id: text(plugin["id"]), label: text(plugin["label"]) }) : undefined,
      channel: channel as PackageMetadata["channel"],
      compat: compat
        ? defined({
            pluginApi: text(compat["pluginApi"]),
            minGatewayVersion: text(compat["minGatewayVersion"]),
          })
        : undefined,
      install: pick(block?.["install"]),
      build: pick(block?.["build"]),
    }),
  };
}

/** The id a package suggests when its manifest has none (spec 1.15). */
export function idHint(metadata: PackageMetadata | undefined, folderName: string): string {
  const named =
    metadata?.plugin?.id ??
    text(metadata?.channel?.id) ??
    metadata?.packageName?.replace(/^@[^/]+\//, "").replace(/-(provider|plugin)$/, "");
  return named ?? folderName;
}

function pick(value: unknown): Plain | undefined {
  return isPlain(value) ? value : undefined;
}
