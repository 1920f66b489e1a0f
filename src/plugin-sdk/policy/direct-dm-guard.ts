/** Limits on direct messages before anything is decrypted. */
export interface DirectDmPreCryptoGuardPolicy {
  /** Kinds of encrypted events that are looked at. */
  allowedKinds: readonly number[];
  maxFutureSkewSec: number;
  maxCiphertextBytes: number;
  maxPlaintextBytes: number;
  rateLimit: {
    windowMs: number;
    maxPerSenderPerWindow: number;
    maxGlobalPerWindow: number;
    maxTrackedSenderKeys: number;
  };
}

/** Encrypted direct messages of the first relay protocol; plugins name their own kinds. */
const DEFAULTS: DirectDmPreCryptoGuardPolicy = {
  allowedKinds: [4],
  maxFutureSkewSec: 120,
  maxCiphertextBytes: 16 * 1_024,
  maxPlaintextBytes: 8 * 1_024,
  rateLimit: {
    windowMs: 60_000,
    maxPerSenderPerWindow: 20,
    maxGlobalPerWindow: 200,
    maxTrackedSenderKeys: 4_096,
  },
};

export function createDirectDmPreCryptoGuardPolicy(
  overrides: Partial<Omit<DirectDmPreCryptoGuardPolicy, "rateLimit">> & {
    rateLimit?: Partial<DirectDmPreCryptoGuardPolicy["rateLimit"]>;
  } = {},
): DirectDmPreCryptoGuardPolicy {
  return { ...DEFAULTS, ...overrides, rateLimit: { ...DEFAULTS.rateLimit, ...overrides.rateLimit } };
}
