/** Why a device may not connect as it asks to (spec 7.2). */
export type PairingReason = "not-paired" | "role-upgrade" | "scope-upgrade" | "metadata-upgrade";

/** What a device says about itself when it connects. */
export interface DeviceFacts {
  displayName?: string;
  platform?: string;
  deviceFamily?: string;
  clientId?: string;
  clientMode?: string;
  browserOrigin?: string;
  remoteIp?: string;
}

/** One token of a device; its text is derived from `tokenId` and never stored. */
export interface DeviceToken {
  tokenId: string;
  role: string;
  scopes: string[];
  /** Generation of the shared secret it was issued under, when it was. */
  issuerGeneration?: string;
  createdAtMs: number;
  rotatedAtMs?: number;
  revokedAtMs?: number;
  lastUsedAtMs?: number;
}

export interface PendingDevice extends DeviceFacts {
  requestId: string;
  role: string;
  scopes: string[];
  isRepair: boolean;
  /** Time of the last refresh. */
  ts: number;
}

/** A device as stored (spec 7.2). `approvedAtMs` is absent until it was approved once. */
export interface DeviceRecord extends DeviceFacts {
  deviceId: string;
  publicKey: string;
  operatorLabel?: string;
  role?: string;
  roles: string[];
  scopes: string[];
  tokens: Record<string, DeviceToken>;
  approvedVia?: "owner" | "silent";
  createdAtMs: number;
  approvedAtMs?: number;
  lastSeenAtMs?: number;
  lastSeenReason?: string;
  pending?: PendingDevice;
}

/** What a device asks for in one connect. The identity proof has been checked by the caller. */
export interface DeviceAsk extends DeviceFacts {
  deviceId: string;
  publicKey: string;
  role: string;
  /** Operator scopes; empty for nodes. */
  scopes: string[];
}

export type AdmitResult =
  | { status: "admitted"; record: DeviceRecord; token: DeviceToken; approved: boolean }
  | {
      status: "pairing-required";
      reason: PairingReason;
      record: DeviceRecord;
      pending: PendingDevice;
      /** True when the request is new, so that operators are told. */
      created: boolean;
    };
