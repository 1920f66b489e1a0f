import { type Static, Type } from "typebox";

/** Client ids the protocol knows (spec 2.2); a gateway may widen the list, never narrow it. */
export const CLIENT_IDS = [
  "webchat-ui",
  "openclaw-control-ui",
  "openclaw-browser-copilot",
  "openclaw-tui",
  "webchat",
  "cli",
  "gateway-client",
  "openclaw-macos",
  "openclaw-linux",
  "openclaw-ios",
  "openclaw-watchos",
  "openclaw-android",
  "node-host",
  "openclaw-worker",
  "test",
  "fingerprint",
  "openclaw-probe",
  "sluice-control-ui",
] as const;

export const CLIENT_MODES = ["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"] as const;

const closed = { additionalProperties: false } as const;
const filled = Type.String({ minLength: 1 });
const MAX_TIME_ZONE_LENGTH = 64;
const MAX_BUILD_ID_LENGTH = 96;

export const ClientInfo = Type.Object(
  {
    id: Type.Enum([...CLIENT_IDS]),
    mode: Type.Enum([...CLIENT_MODES]),
    version: filled,
    platform: filled,
    displayName: Type.Optional(filled),
    deviceFamily: Type.Optional(filled),
    modelIdentifier: Type.Optional(filled),
    timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_TIME_ZONE_LENGTH })),
    buildId: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_BUILD_ID_LENGTH })),
    instanceId: Type.Optional(filled),
  },
  closed,
);

export const DeviceProof = Type.Object(
  {
    id: filled,
    publicKey: filled,
    signature: filled,
    signedAt: Type.Integer({ minimum: 0 }),
    nonce: Type.Optional(Type.String()),
  },
  closed,
);

export const Credentials = Type.Object(
  {
    token: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    deviceToken: Type.Optional(Type.String()),
    bootstrapToken: Type.Optional(Type.String()),
    approvalRuntimeToken: Type.Optional(Type.String()),
    agentRuntimeIdentityToken: Type.Optional(Type.String()),
  },
  closed,
);

/** Parameters of `connect` (spec 2.2); closed at every level. */
export const ConnectParams = Type.Object(
  {
    minProtocol: Type.Integer({ minimum: 1 }),
    maxProtocol: Type.Integer({ minimum: 1 }),
    client: ClientInfo,
    role: Type.Optional(filled),
    scopes: Type.Optional(Type.Array(filled, { maxItems: 64 })),
    caps: Type.Optional(Type.Array(filled, { maxItems: 256 })),
    commands: Type.Optional(Type.Array(filled, { maxItems: 1_024 })),
    permissions: Type.Optional(Type.Record(Type.String(), Type.Boolean())),
    pathEnv: Type.Optional(Type.String()),
    computerUse: Type.Optional(Type.Unknown()),
    workerRuns: Type.Optional(Type.Unknown()),
    device: Type.Optional(DeviceProof),
    auth: Type.Optional(Credentials),
    modelCatalog: Type.Optional(Type.Object({}, { additionalProperties: true })),
    locale: Type.Optional(Type.String()),
    userAgent: Type.Optional(Type.String()),
  },
  closed,
);

export type ConnectParams = Static<typeof ConnectParams>;
export type ClientInfo = Static<typeof ClientInfo>;
export type DeviceProof = Static<typeof DeviceProof>;
export type Credentials = Static<typeof Credentials>;
