import { accessSync, constants, statSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { resolveUserPath } from "../values/text.ts";
import { createStandardChannelSetupStatus } from "./wizard.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a program of this name, or at this path, may lie. */
function candidates(nameOrPath: string, env: Environment): string[] {
  const name = nameOrPath.trim();
  if (name === "" || name.includes("\0")) return [];
  const endings = process.platform === "win32" ? ["", ...(env["PATHEXT"] ?? ".EXE;.CMD").split(";")] : [""];
  const paths = /[\\/]|^~/.test(name)
    ? [resolveUserPath(name)]
    : (env["PATH"] ?? env["Path"] ?? "")
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, name));
  return paths.flatMap((path) => endings.map((ending) => path + ending));
}

/** Whether a program can be started: by its path, or by its name from `PATH`. */
export async function detectBinary(nameOrPath: string, env: Environment = process.env): Promise<boolean> {
  for (const path of candidates(nameOrPath, env)) {
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return true;
    } catch {
      // The next one.
    }
  }
  return false;
}

/** Synchronous on purpose: plugins ask once, while they set something up. */
export function resolveBrewExecutable(
  options: { homeDir?: string; env?: Environment } = {},
): string | undefined {
  const { homeDir = homedir(), env = process.env } = options;
  const prefix = env["HOMEBREW_PREFIX"]?.trim();
  const known = [
    env["HOMEBREW_BREW_FILE"]?.trim(),
    prefix && join(prefix, "bin", "brew"),
    ...candidates("brew", env),
    join(homeDir, ".linuxbrew", "bin", "brew"),
    "/home/linuxbrew/.linuxbrew/bin/brew",
    "/opt/homebrew/bin/brew",
    "/usr/local/bin/brew",
  ];
  return known.find((path) => path && isProgram(path)) || undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

interface StatusParams {
  cfg: ChannelConfig;
  accountId?: string;
}

/** The state of a channel that needs a program: its hints and score follow from whether it is there. */
export function createDetectedBinaryStatus(params: {
  channelLabel: string;
  binaryLabel: string;
  configuredLabel: string;
  unconfiguredLabel: string;
  configuredHint: string;
  unconfiguredHint: string;
  configuredScore: number;
  unconfiguredScore: number;
  resolveConfigured(params: StatusParams): boolean | Promise<boolean>;
  resolveBinaryPath(params: StatusParams): string | undefined;
  detectBinary?(path: string): Promise<boolean>;
}) {
  const detect = params.detectBinary ?? detectBinary;
  const pathFor = (context: StatusParams) => params.resolveBinaryPath(context) ?? params.binaryLabel;
  const isThere = (context: StatusParams) => detect(pathFor(context));
  const { channelLabel, configuredLabel, unconfiguredLabel, configuredHint, unconfiguredHint } = params;
  const { configuredScore, unconfiguredScore, resolveConfigured } = params;
  return {
    ...createStandardChannelSetupStatus({
      channelLabel,
      configuredLabel,
      unconfiguredLabel,
      configuredHint,
      unconfiguredHint,
      configuredScore,
      unconfiguredScore,
      resolveConfigured,
    }),
    resolveStatusLines: async (context: StatusParams & { configured: boolean }): Promise<string[]> => [
      `${channelLabel}: ${context.configured ? configuredLabel : unconfiguredLabel}`,
      `${params.binaryLabel}: ${(await isThere(context)) ? "found" : "missing"} (${pathFor(context)})`,
    ],
    resolveSelectionHint: async (context: StatusParams & { configured: boolean }) =>
      (await isThere(context)) ? configuredHint : unconfiguredHint,
    resolveQuickstartScore: async (context: StatusParams & { configured: boolean }) =>
      (await isThere(context)) ? configuredScore : unconfiguredScore,
  };
}
