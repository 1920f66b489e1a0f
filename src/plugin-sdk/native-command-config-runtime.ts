import { currentHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

/** Whether a platform gets the gateway's commands as its own (`commands.native`, `commands.nativeSkills`). */
type Setting = boolean | "auto" | undefined;

interface NativeSettings {
  providerId: string;
  /** The channel's own setting; it wins. */
  providerSetting?: Setting;
  globalSetting?: Setting;
}

/** Under `auto` the channel's plugin decides. */
function enabled(settings: NativeSettings, flag: string): boolean {
  const setting = settings.providerSetting ?? settings.globalSetting ?? "auto";
  if (setting !== "auto") return setting;
  return readPath(currentHost()?.services?.channelPlugin(settings.providerId), ["commands", flag]) === true;
}

export function resolveNativeCommandsEnabled(settings: NativeSettings): boolean {
  return enabled(settings, "nativeCommandsAutoEnabled");
}

export function resolveNativeSkillsEnabled(settings: NativeSettings): boolean {
  return enabled(settings, "nativeSkillsAutoEnabled");
}

/** True when somebody switched them off, rather than `auto` deciding so. */
export function isNativeCommandsExplicitlyDisabled(settings: Omit<NativeSettings, "providerId">): boolean {
  return (settings.providerSetting ?? settings.globalSetting) === false;
}
