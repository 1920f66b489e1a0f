import { isUtf8 } from "node:buffer";
import type { Clock } from "sluice/plugin-sdk/foundation";
import type { CaptureConfig, TenantConfig } from "../config.ts";
import { BODY_TIMEOUT_MS } from "../contract/limits.ts";
import { idempotencyKey, isJsonMediaType, prefersLenient } from "../contract/preferences.ts";
import type { Problem } from "../contract/problem.ts";
import { type CaptureBatch, validateBatch } from "../contract/validate.ts";
import type { IngestRequest } from "../ingest.ts";
import type { KeyIdentity, KeyRing } from "../keys/key-ring.ts";
import type { CaptureManifest } from "../registry/manifest.ts";
import type { Turnstile } from "../turnstile.ts";
import { allowOrigin } from "./cors.ts";
import type { Gate } from "./gate.ts";
import { announcesTooMuch, readBody, tooLarge } from "./read-body.ts";
import { HttpRefusal } from "./refusal.ts";
import type { JsonAnswer, RouteContext } from "./responder.ts";

/** What the routes need of the running service; throws `CAPTURE_STARTING` while it is not running. */
export interface CaptureFace {
  readonly clock: Clock;
  readonly config: CaptureConfig;
  readonly turnstile: Turnstile;
  keyRing(): Promise<KeyRing>;
  manifest(pluginId: string): CaptureManifest | undefined;
  store(request: IngestRequest): Promise<object | string>;
  /** Told once per key, plugin and source type, for the operator's eyes. */
  notice(key: KeyIdentity, batch: CaptureBatch, undeclared: boolean): void;
}

/** `POST /api/v1/ingest` in the order of checks of spec 5.2. */
export async function ingestRoute(context: RouteContext, face: CaptureFace, gate: Gate): Promise<JsonAnswer> {
  const { request } = context;
  const { config, clock } = face;
  const known = allowOrigin(context, config.allowedOrigins, "POST");
  if (request.method === "OPTIONS" && known) return { status: 204, body: "" };
  if (request.method !== "POST")
    throw new HttpRefusal(405, { detail: "Method not allowed" }, { headers: { Allow: "POST" } });

  const ring = await face.keyRing();
  if (announcesTooMuch(request)) {
    const given = request.headers["x-api-key"];
    const key = typeof given === "string" ? ring.find(given) : undefined;
    if (key) gate.admit(key, config.limits.requestsPerMinute, context);
    throw tooLarge();
  }
  const key = gate.authenticate(request, ring);
  gate.admit(key, config.limits.requestsPerMinute, context);
  const leave = gate.enter(key, config.limits.requestsInFlight);
  try {
    const body = await readBody(request, clock, BODY_TIMEOUT_MS);
    if (!isJsonMediaType(request.headers["content-type"]))
      throw new HttpRefusal(415, { detail: "Content-Type must be application/json" });
    await face.turnstile.pass();
    const ingest = toRequest(context, face, key, parseJson(body));
    return { status: 200, body: await face.store(ingest) };
  } finally {
    leave();
  }
}

function toRequest(context: RouteContext, face: CaptureFace, key: KeyIdentity, body: unknown): IngestRequest {
  const { headers, url } = context.request;
  const { config } = face;
  const lenient = prefersLenient(headers["prefer"]);
  const checked = validateBatch(body, {
    nowMs: face.clock.now(),
    strictDeviceId: config.strictDeviceId,
    lenient,
  });
  if (!checked.ok) throw invalid(checked.problems);
  const once = idempotencyKey(headers["idempotency-key"]);
  if (once === null)
    throw new HttpRefusal(422, {
      detail: [
        {
          loc: ["header", "idempotency-key"],
          type: "string_pattern_mismatch",
          msg: "Idempotency-Key must be 1 to 128 visible characters",
        },
      ],
    });
  const manifest = face.manifest(checked.batch.pluginId);
  const problems = undeclared(checked.batch, manifest);
  if (problems.length > 0 && config.enforceManifest) throw invalid(problems);
  face.notice(key, checked.batch, problems.length > 0);
  const query = url?.indexOf("?") ?? -1;
  const receipts = query >= 0 && new URLSearchParams(url?.slice(query)).get("receipts") === "1";
  if (lenient) context.headers["Preference-Applied"] = "handling=lenient";
  return {
    batch: checked.batch,
    rejected: checked.rejected,
    lenient,
    receipts,
    keyId: key.id,
    tenant: config.tenants.get(key.tenant) as TenantConfig,
    perDevice: manifest?.dedupe_scope === "device",
    ...(once !== undefined ? { idempotencyKey: once } : {}),
  };
}

function parseJson(body: Buffer): unknown {
  if (isUtf8(body)) {
    const text = body.toString("utf8");
    try {
      return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
    } catch {
      // The parser's message quotes the body, which may be private.
    }
  }
  throw invalid([{ loc: ["body"], type: "json_invalid", msg: "the body is not valid JSON in UTF-8" }]);
}

function undeclared(batch: CaptureBatch, manifest: CaptureManifest | undefined): Problem[] {
  const problems: Problem[] = [];
  if (!manifest) return problems;
  const check = (field: string, value: string, declared: readonly string[]) => {
    if (!declared.includes(value))
      problems.push({
        loc: ["body", field],
        type: "undeclared",
        msg: `${field} is not in the plugin's manifest`,
        ctx: { expected: declared },
      });
  };
  check("source_type", batch.sourceType.name, manifest.source_types);
  check("platform", batch.platform, manifest.platform);
  return problems;
}

function invalid(problems: readonly Problem[]): HttpRefusal {
  return new HttpRefusal(422, { detail: problems });
}
