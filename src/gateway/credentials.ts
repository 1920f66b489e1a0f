import type { Redactor } from "../kernel/redaction.ts";
import type { SluiceConfig } from "../runtime/config/index.ts";
import type { AuthSettings } from "./connection/shared-secret.ts";
import { authSettings, generatedToken } from "./settings.ts";

/** What callers must show: given at start, configured, or made at the first start. */
export interface Credentials {
  /** As of this configuration. */
  settings(config: SluiceConfig): AuthSettings;
  /** Keeps configured secrets out of logs and replies. */
  learn(config: SluiceConfig): void;
}

/** Settles where the secret comes from; makes and stores a token when nothing else names one. */
export async function openCredentials(parts: {
  given: string | undefined;
  config: SluiceConfig;
  stateDir: string;
  redactor: Redactor;
}): Promise<Credentials> {
  const { given, redactor } = parts;
  const configured = authSettings(parts.config, { token: given });
  const generated =
    configured.mode === "none" || configured.secret !== undefined
      ? undefined
      : await generatedToken(parts.stateDir);
  const learn = (config: SluiceConfig) => {
    const own = config.gateway?.auth;
    for (const value of [own?.token, own?.password]) if (typeof value === "string") redactor.add(value);
  };
  for (const secret of [given, generated]) if (secret) redactor.add(secret);
  learn(parts.config);
  return { settings: (config) => authSettings(config, { token: given, generated }), learn };
}
