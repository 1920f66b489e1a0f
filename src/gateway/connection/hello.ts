import { ADVERTISED_EVENTS } from "../../protocol/events.ts";
import {
  attachmentLimit,
  MAX_BUFFERED_BYTES,
  MAX_FRAME_BYTES,
  MAX_IMAGE_BYTES,
  TICK_INTERVAL_MS,
} from "../../protocol/limits.ts";
import { satisfies } from "../../protocol/scopes.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import type { MethodTable } from "../rpc/method-table.ts";
import type { GatewayServices } from "../services.ts";
import type { Authentication } from "./authentication.ts";
import type { Grant } from "./handshake.ts";

/** Capabilities of the protocol that this gateway has (spec 2.9); none is claimed before it works. */
export const SERVER_CAPABILITIES: readonly string[] = ["chat-send-routing-contract"];

export interface HelloSources {
  services: GatewayServices;
  table: MethodTable;
  authentication: Authentication;
  /** Facts about sessions that clients need before their first call (spec 2.9). */
  sessionDefaults(): Record<string, unknown>;
}

/** Builds the payload of `hello-ok` for one connection; what it shows depends on the granted scopes. */
export async function helloOk(sources: HelloSources, grant: Grant, connId: string): Promise<object> {
  const { services, table, authentication } = sources;
  const { facts, presence, health, clock } = services;
  const reads = grant.role === "operator" && satisfies(grant.scopes, "operator.read");
  const administers = grant.role === "operator" && satisfies(grant.scopes, "operator.admin");
  const summary = await health.read();
  const config = services.config.current();
  return {
    type: "hello-ok",
    protocol: PROTOCOL_VERSION,
    server: { version: facts.version, bootId: facts.bootId, connId },
    features: {
      methods: table.names(),
      events: ADVERTISED_EVENTS,
      capabilities: SERVER_CAPABILITIES,
    },
    snapshot: {
      suspension: { phase: "accepting" },
      presence: reads ? presence.list() : [],
      health: summary,
      stateVersion: { presence: presence.version, health: health.version },
      uptimeMs: Math.max(0, clock.now() - facts.startedAt),
      appliedConfigHash: `hmac-sha256:v1:${authentication.opaque(`config|${config.hash}`)}`,
      sessionDefaults: sources.sessionDefaults(),
      ...(administers
        ? { configPath: config.path, stateDir: facts.stateDir, authMode: authentication.settings.mode }
        : {}),
    },
    auth: {
      method: grant.authMethod,
      role: grant.role,
      scopes: grant.scopes,
      ...(grant.role === "operator"
        ? { recoveryScope: authentication.opaque(`recovery|${grant.device?.deviceId ?? grant.authMethod}`) }
        : {}),
      ...(grant.device && grant.role === "operator" ? { recoveryMigrationAllowed: true } : {}),
      ...(grant.device ? { deviceToken: grant.device.token, issuedAtMs: grant.device.issuedAtMs } : {}),
    },
    policy: {
      maxPayload: MAX_FRAME_BYTES,
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      tickIntervalMs: TICK_INTERVAL_MS,
      attachments: { maxBytes: attachmentLimit(), maxImageBytes: MAX_IMAGE_BYTES },
      allowedSessionVisibilities: ["shared"],
      hasMultipleSessionSharingIdentities: false,
    },
  };
}
