import type { Clock } from "../../kernel/clock.ts";
import { newSecret, newUuid } from "../../kernel/ids.ts";
import { CLOSE } from "../../protocol/close-codes.ts";
import { PENDING_DEVICE_TTL_MS } from "../../protocol/limits.ts";
import type { ConnectParams } from "../../protocol/schemas/connect.ts";
import { isOperatorScope, type Role } from "../../protocol/scopes.ts";
import { MINIMUM_PROBE_PROTOCOL, negotiateProtocol, PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { Store } from "../../store/index.ts";
import type { AdmitResult, DeviceAsk, PairingReason } from "../../store/procedures/device-rows.ts";
import type { EventHub } from "../events/hub.ts";
import type { Authenticated, Authentication, AuthMethod, ProvenDevice } from "./authentication.ts";
import { shownClient } from "./client-names.ts";
import { checkDeviceProof } from "./device-proof.ts";
import type { RequestFacts } from "./facts.ts";
import { HandshakeRejection } from "./rejection.ts";

/** What a connection is allowed to be. */
export interface Grant {
  role: Role;
  scopes: string[];
  authMethod: AuthMethod;
  /** A node on protocol 3 only. */
  legacy: boolean;
  device?: { deviceId: string; token: string; issuedAtMs: number };
}

export interface HandshakeOptions {
  clock: Clock;
  store: Store;
  authentication: Authentication;
  hub: EventHub;
  /** `gateway.nodes.pairing.autoApproveLocal`; default true. */
  autoApproveLocal(): boolean;
}

const CONTROL_UI_IDS = new Set(["openclaw-control-ui", "sluice-control-ui"]);
const PAGE_IDS = new Set([...CONTROL_UI_IDS, "webchat-ui", "webchat", "openclaw-browser-copilot"]);

/** Decides over one `connect`, in the order of spec 2.3; parameters have been validated. */
export class Handshake {
  readonly #options: HandshakeOptions;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  /** @throws HandshakeRejection */
  async decide(params: ConnectParams, facts: RequestFacts, nonce: string): Promise<Grant> {
    const role = params.role ?? "operator";
    if (params.client.id === "openclaw-worker" || params.client.mode === "worker") {
      throw new HandshakeRejection("INVALID_REQUEST", "invalid-handshake");
    }
    const version = negotiateProtocol({ ...params, role, mode: params.client.mode });
    if (version === undefined) throw protocolMismatch(params);
    if (role !== "operator" && role !== "node")
      throw new HandshakeRejection("INVALID_REQUEST", "invalid role");
    if (!facts.originAllowed) throw originRefused();

    const proof = checkDeviceProof(params, nonce, this.#options.clock.now());
    if (proof && !proof.ok) {
      const { code, reason, message } = proof.failure;
      throw new HandshakeRejection("INVALID_REQUEST", message, { details: { code, reason } });
    }
    const requested = role === "operator" ? (params.scopes ?? []).filter(isOperatorScope) : [];
    const device = proof?.ok ? proof : undefined;
    const authenticated = await this.#options.authentication.authenticate(
      params.auth ?? {},
      facts,
      role,
      requested,
      device,
    );
    const grant = { role, authMethod: authenticated.method, legacy: version === "legacy" } as const;
    if (!device) {
      return { ...grant, scopes: capped(withoutDevice(params, facts, role, requested), facts) };
    }
    const scopes = capped(
      requested.length === 0 && authenticated.tokenScopes ? [...authenticated.tokenScopes] : requested,
      facts,
    );
    return { ...grant, ...(await this.#admit(params, facts, device, role, scopes, authenticated)), scopes };
  }

  async #admit(
    params: ConnectParams,
    facts: RequestFacts,
    device: ProvenDevice,
    role: Role,
    scopes: string[],
    authenticated: Authenticated,
  ): Promise<Pick<Grant, "device">> {
    const { store, clock, authentication } = this.#options;
    const ask = askOf(params, facts, device, role, scopes);
    const generation = usesOwnerSecret(authenticated) ? authentication.generation : undefined;
    const result = await store.call.devices.admit({
      ask,
      silent: this.#silentReasons(params, facts, role, authenticated),
      keepToken: authenticated.method === "device-token",
      newTokenId: newSecret(16),
      newRequestId: newUuid(),
      pendingTtlMs: PENDING_DEVICE_TTL_MS,
      now: clock.now(),
      ...(generation === undefined ? {} : { issuerGeneration: generation }),
    });
    if (result.status === "pairing-required") throw this.#pairingRequired(result, ask);
    if (result.approved) {
      this.#options.hub.publish("device.pair.resolved", {
        requestId: newUuid(),
        deviceId: device.deviceId,
        decision: "approved",
        ts: clock.now(),
      });
    }
    const { token } = result;
    return {
      device: {
        deviceId: device.deviceId,
        token: authentication.tokenText(device.deviceId, token),
        issuedAtMs: token.rotatedAtMs ?? token.createdAtMs,
      },
    };
  }

  /** Which changes need nobody's approval on this connection (spec 7.2). */
  #silentReasons(
    params: ConnectParams,
    facts: RequestFacts,
    role: Role,
    authenticated: Authenticated,
  ): PairingReason[] {
    const owner = usesOwnerSecret(authenticated);
    const local = facts.directLocal || (facts.loopback && owner);
    if (!local || !this.#options.autoApproveLocal()) return [];
    if (facts.origin !== undefined && !PAGE_IDS.has(params.client.id)) return [];
    const reasons: PairingReason[] = ["not-paired", "metadata-upgrade"];
    if (role === "operator") reasons.push("role-upgrade");
    if (owner) reasons.push("scope-upgrade");
    return reasons;
  }

  #pairingRequired(
    result: Extract<AdmitResult, { status: "pairing-required" }>,
    ask: DeviceAsk,
  ): HandshakeRejection {
    const { pending, record, reason } = result;
    if (result.created) {
      this.#options.hub.publish("device.pair.requested", {
        ...pending,
        deviceId: ask.deviceId,
        publicKey: ask.publicKey,
        roles: [pending.role],
        silent: false,
      });
    }
    const message = `pairing required: ${REQUIREMENTS[reason]}`;
    return new HandshakeRejection("NOT_PAIRED", message, {
      closeReason: `${message} (requestId: ${pending.requestId})`,
      details: {
        code: "PAIRING_REQUIRED",
        reason,
        requestId: pending.requestId,
        remediationHint: `approve the request on the gateway: sluice gateway call device.pair.approve --params '{"requestId":"${pending.requestId}"}'`,
        deviceId: ask.deviceId,
        requestedRole: ask.role,
        requestedScopes: ask.scopes,
        ...(record.approvedAtMs === undefined
          ? {}
          : { approvedRoles: record.roles, approvedScopes: record.scopes }),
      },
    });
  }
}

const REQUIREMENTS: Record<PairingReason, string> = {
  "not-paired": "device is not approved yet",
  "role-upgrade": "device is asking for a role that is not approved",
  "scope-upgrade": "device is asking for more scopes than are approved",
  "metadata-upgrade": "device reports another platform than the approved one",
};

function usesOwnerSecret(authenticated: Authenticated): boolean {
  return authenticated.method !== "device-token";
}

/** Scopes of a connection that shows no device (spec 2.6). @throws HandshakeRejection */
function withoutDevice(
  params: ConnectParams,
  facts: RequestFacts,
  role: Role,
  requested: string[],
): string[] {
  const { id, mode } = params.client;
  if (role === "node") {
    throw new HandshakeRejection("NOT_PAIRED", "device identity required", {
      details: { code: "DEVICE_IDENTITY_REQUIRED" },
    });
  }
  if (CONTROL_UI_IDS.has(id)) {
    throw new HandshakeRejection("INVALID_REQUEST", "control ui requires device identity", {
      details: { code: "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" },
    });
  }
  const trusted = (id === "gateway-client" && mode === "backend") || (id === "cli" && mode === "cli");
  return trusted && facts.directLocal && facts.origin === undefined ? requested : [];
}

function askOf(
  params: ConnectParams,
  facts: RequestFacts,
  device: ProvenDevice,
  role: Role,
  scopes: string[],
): DeviceAsk {
  const client = shownClient(params.client);
  return {
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    role,
    scopes,
    platform: client.platform,
    clientId: client.id,
    clientMode: client.mode,
    remoteIp: facts.address,
    ...(client.displayName === undefined ? {} : { displayName: client.displayName }),
    ...(client.deviceFamily === undefined ? {} : { deviceFamily: client.deviceFamily }),
    ...(facts.origin === undefined ? {} : { browserOrigin: facts.origin }),
  };
}

function capped(scopes: string[], facts: RequestFacts): string[] {
  return facts.scopeCap ? scopes.filter((scope) => facts.scopeCap?.includes(scope)) : scopes;
}

function protocolMismatch(params: ConnectParams): HandshakeRejection {
  return new HandshakeRejection("INVALID_REQUEST", "protocol mismatch", {
    closeCode: CLOSE.PROTOCOL_MISMATCH,
    details: {
      code: "PROTOCOL_MISMATCH",
      clientMinProtocol: params.minProtocol,
      clientMaxProtocol: params.maxProtocol,
      expectedProtocol: PROTOCOL_VERSION,
      minimumProbeProtocol: MINIMUM_PROBE_PROTOCOL,
    },
  });
}

function originRefused(): HandshakeRejection {
  return new HandshakeRejection(
    "INVALID_REQUEST",
    "origin not allowed (open the page from the gateway itself or add its origin to gateway.controlUi.allowedOrigins)",
    { details: { code: "CONTROL_UI_ORIGIN_NOT_ALLOWED" } },
  );
}
