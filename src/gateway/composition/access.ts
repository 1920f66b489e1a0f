import { createHmac } from "node:crypto";
import { AuthLimiter } from "../connection/auth-limiter.ts";
import { Authentication } from "../connection/authentication.ts";
import { type GatewayIdentity, loadIdentity } from "../connection/identity.ts";
import type { AuthSettings } from "../connection/shared-secret.ts";
import { type Credentials, openCredentials } from "../credentials.ts";
import { assertGuarded, hostOf } from "../settings.ts";
import type { Ground } from "./ground.ts";

/** Who may come in, by what, and at which address. */
export interface Access {
  readonly credentials: Credentials;
  /** As of the configuration now. */
  settings(): AuthSettings;
  /** The address the server binds to. */
  readonly host: string;
  readonly identity: GatewayIdentity;
  readonly authentication: Authentication;
}

/** @throws SluiceError with a `SettingsErrorCode` where the address would be open to anybody */
export async function openAccess(ground: Ground): Promise<Access> {
  const { options, env, clock, stateDir, redactor, store, current } = ground;
  const credentials = await openCredentials({
    given: options.token ?? (env["SLUICE_GATEWAY_TOKEN"] || undefined),
    config: current(),
    stateDir,
    redactor,
  });
  const settings = () => credentials.settings(current());
  const host = hostOf(options.bind, current());
  assertGuarded(host, settings());
  const identity = await loadIdentity(stateDir);
  const tokenKey = createHmac("sha256", identity.privateKey.export({ format: "jwk" }).d ?? "")
    .update("sluice:device-tokens")
    .digest();
  const limiter = new AuthLimiter(clock);
  const authentication = new Authentication({ settings, limiter, store, tokenKey });
  return { credentials, settings, host, identity, authentication };
}
