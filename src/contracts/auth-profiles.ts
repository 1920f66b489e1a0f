/** One sign-in with a model provider (spec 2.2 "Credentials"). */
export interface AuthProfileCredential {
  /** `api_key`, `token` or `oauth`. */
  type: string;
  provider: string;
  [field: string]: unknown;
}

/** How a sign-in fared lately. */
export interface ProfileUsage {
  lastUsed?: number;
  /** Milliseconds since 1970. */
  cooldownUntil?: number;
  cooldownReason?: string;
  /** The only model the cooldown is about. */
  cooldownModel?: string;
  lastFailureAt?: number;
  disabledUntil?: number;
  disabledReason?: string;
  errorCount?: number;
  failureCounts?: Record<string, number>;
  [field: string]: unknown;
}

/** The sign-ins an agent has with model providers, and how they fared. */
export interface AuthProfileStore {
  version: number;
  profiles: Record<string, AuthProfileCredential>;
  order?: Record<string, string[]>;
  usageStats?: Record<string, ProfileUsage>;
}
