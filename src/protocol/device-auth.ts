/** What a device signs to prove its identity (spec 2.4). Text only; runs in a browser too. */

export interface DeviceAuthFacts {
  deviceId: string;
  clientId: string;
  clientMode: string;
  role: string;
  /** Exactly as sent in `connect.scopes`, same order. */
  scopes: readonly string[];
  signedAt: number;
  /** `auth.token`, else `auth.deviceToken`, else `auth.bootstrapToken`, else absent. Never the password. */
  token?: string | undefined;
  nonce: string;
  platform?: string | undefined;
  deviceFamily?: string | undefined;
}

/** The text of version 2. */
export function deviceAuthPayloadV2(facts: DeviceAuthFacts): string {
  return ["v2", ...commonFields(facts)].join("|");
}

/** The text of version 3: as version 2, and bound to platform and device family. */
export function deviceAuthPayloadV3(facts: DeviceAuthFacts): string {
  return ["v3", ...commonFields(facts), normalised(facts.platform), normalised(facts.deviceFamily)].join("|");
}

function commonFields(facts: DeviceAuthFacts): string[] {
  return [
    facts.deviceId,
    facts.clientId,
    facts.clientMode,
    facts.role,
    facts.scopes.join(","),
    String(facts.signedAt),
    facts.token ?? "",
    facts.nonce,
  ];
}

/** Trimmed, with only ASCII letters lowered, so that every language computes the same text. */
function normalised(value: string | undefined): string {
  return (value ?? "").trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
