import type {
  ConfigUiHint,
  ManifestChannelConfig,
  ManifestConfigGroup,
  PluginManifest,
} from "../../contracts/manifest.ts";
import { byKey, choice, defined, filled, flag, isPlain, items, type Plain, text, texts } from "./fields.ts";

/** What a manifest says of settings (spec 1.8, 1.9). */

/** Hints by dotted config path. */
export function readUiHints(value: unknown): Readonly<Record<string, ConfigUiHint>> {
  return byKey(value, (hint) =>
    isPlain(hint)
      ? defined({
          label: text(hint["label"]),
          help: text(hint["help"]),
          tags: filled(texts(hint["tags"])),
          advanced: flag(hint["advanced"]),
          sensitive: flag(hint["sensitive"]),
          placeholder: text(hint["placeholder"]),
          presentation: choice(hint["presentation"], ["phone-number"]),
        })
      : undefined,
  );
}

/** One invalid entry makes the whole list ignored. */
export function readConfigGroups(value: unknown): readonly ManifestConfigGroup[] {
  const groups = items(value, readConfigGroup);
  return Array.isArray(value) && groups.length === value.length ? groups : [];
}

function readConfigGroup(item: Plain): ManifestConfigGroup | undefined {
  const id = text(item["id"]);
  const title = text(item["title"]);
  const { order, properties } = item;
  if (id === undefined || title === undefined || !Number.isInteger(order)) return undefined;
  if (!Array.isArray(properties) || !properties.every((name) => text(name) !== undefined)) return undefined;
  return { id, title, order: order as number, properties: texts(properties) };
}

export function readChannelConfig(item: unknown): ManifestChannelConfig | undefined {
  if (!isPlain(item) || !isPlain(item["schema"])) return undefined;
  const commands = isPlain(item["commands"]) ? item["commands"] : undefined;
  return {
    schema: item["schema"],
    uiHints: readUiHints(item["uiHints"]),
    preferOver: texts(item["preferOver"]),
    ...defined({
      label: text(item["label"]),
      description: text(item["description"]),
      commands: commands
        ? defined({
            nativeCommandsAutoEnabled: flag(commands["nativeCommandsAutoEnabled"]),
            nativeSkillsAutoEnabled: flag(commands["nativeSkillsAutoEnabled"]),
          })
        : undefined,
    }),
  };
}

type ConfigContracts = Pick<
  PluginManifest,
  | "secretInputs"
  | "secretInputsBundledDefault"
  | "dangerousFlags"
  | "compatibilityMigrationPaths"
  | "compatibilityRuntimePaths"
>;

export function readConfigContracts(value: unknown): ConfigContracts {
  const source = isPlain(value) ? value : {};
  const secretInputs = isPlain(source["secretInputs"]) ? source["secretInputs"] : {};
  return {
    ...defined({ secretInputsBundledDefault: flag(secretInputs["bundledDefaultEnabled"]) }),
    secretInputs: items(secretInputs["paths"], (item) => {
      const path = text(item["path"]);
      if (path === undefined) return undefined;
      return {
        path,
        ...defined({
          expected: choice(item["expected"], ["string"]),
          ownerKind: choice(item["ownerKind"], ["capability", "route"]),
        }),
      };
    }),
    dangerousFlags: items(source["dangerousFlags"], (item) => {
      const path = text(item["path"]);
      return path !== undefined && item["equals"] !== undefined
        ? { path, equals: item["equals"] }
        : undefined;
    }),
    compatibilityMigrationPaths: texts(source["compatibilityMigrationPaths"]),
    compatibilityRuntimePaths: texts(source["compatibilityRuntimePaths"]),
  };
}
