import { stat } from "node:fs/promises";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, type UnknownRecord } from "../values/records.ts";
import { resolveUserPath } from "../values/text.ts";

/** Plugins that were installed from a folder of the operator's. */

export interface PluginInstallPathIssue {
  kind: "custom-path" | "missing-path";
  pluginId: string;
  path: string;
}

/** What is odd about an install record of source `path`; null for any other, and for none. */
export async function detectPluginInstallPathIssue(params: {
  pluginId: string;
  install?: unknown;
}): Promise<PluginInstallPathIssue | null> {
  const { pluginId, install } = params;
  if (!isRecord(install) || install["source"] !== "path") return null;
  const stated = [install["sourcePath"], install["installPath"]].filter(
    (path): path is string => typeof path === "string" && path.trim() !== "",
  );
  for (const path of stated) {
    if (await stat(resolveUserPath(path)).catch(() => undefined))
      return { kind: "custom-path", pluginId, path };
  }
  return stated[0] === undefined ? null : { kind: "missing-path", pluginId, path: stated[0] };
}

export function formatPluginInstallPathIssue(params: {
  issue: PluginInstallPathIssue;
  pluginLabel: string;
  defaultInstallCommand: string;
  repoInstallCommand?: string;
  formatCommand?(command: string): string;
}): string[] {
  const { issue, pluginLabel } = params;
  const format = params.formatCommand ?? ((command: string) => command.replace(/^openclaw\b/, "sluice"));
  const install = `Install it with: ${format(params.defaultInstallCommand)}`;
  if (issue.kind === "custom-path") {
    return [
      `${pluginLabel} runs from a folder of your own: ${issue.path}`,
      "It is not updated with the others.",
      install,
    ];
  }
  const local = params.repoInstallCommand ? [`From a checkout: ${format(params.repoInstallCommand)}`] : [];
  return [`${pluginLabel} was installed from a folder that is gone: ${issue.path}`, install, ...local];
}

export interface PluginRemovalActions {
  entry: boolean;
  install: boolean;
  allowlist: boolean;
  denylist: boolean;
  loadPath: boolean;
  slots: boolean;
}

/** The configuration without any mention of a plugin, and what was removed. */
export function removePluginFromConfig(
  config: ChannelConfig,
  pluginId: string,
): { config: ChannelConfig; actions: PluginRemovalActions } {
  const plugins = asRecordOrEmpty(config["plugins"]);
  const installs = asRecordOrEmpty(plugins["installs"]);
  const folder = loadPathOf(installs[pluginId]);
  const actions: PluginRemovalActions = {
    entry: false,
    install: false,
    allowlist: false,
    denylist: false,
    loadPath: false,
    slots: false,
  };
  const next: UnknownRecord = { ...plugins };
  const dropKey = (field: "entries" | "installs", action: "entry" | "install") => {
    const record = asRecordOrEmpty(plugins[field]);
    if (!Object.hasOwn(record, pluginId)) return;
    const { [pluginId]: _gone, ...rest } = record;
    next[field] = rest;
    actions[action] = true;
  };
  const dropItem = (field: "allow" | "deny", action: "allowlist" | "denylist") => {
    const list = plugins[field];
    if (!Array.isArray(list) || !list.includes(pluginId)) return;
    // A list that becomes empty stays: without it, plugins would be allowed that were not.
    next[field] = list.filter((item) => item !== pluginId);
    actions[action] = true;
  };
  dropKey("entries", "entry");
  dropKey("installs", "install");
  dropItem("allow", "allowlist");
  dropItem("deny", "denylist");
  const load = asRecordOrEmpty(plugins["load"]);
  if (folder !== undefined && Array.isArray(load["paths"]) && load["paths"].includes(folder)) {
    next["load"] = { ...load, paths: load["paths"].filter((path) => path !== folder) };
    actions.loadPath = true;
  }
  const slots = asRecordOrEmpty(plugins["slots"]);
  const kept = Object.entries(slots).filter(([, owner]) => owner !== pluginId);
  if (kept.length < Object.keys(slots).length) {
    next["slots"] = Object.fromEntries(kept);
    actions.slots = true;
  }
  const changed = Object.values(actions).includes(true);
  return { config: changed ? { ...config, plugins: next } : config, actions };
}

function loadPathOf(install: unknown): string | undefined {
  if (!isRecord(install) || install["source"] !== "path") return undefined;
  return typeof install["sourcePath"] === "string" ? install["sourcePath"] : undefined;
}
