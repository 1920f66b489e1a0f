import type { IncomingMessage } from "node:http";
import { newUuid } from "../../kernel/ids.ts";
import type { Authentication } from "../connection/authentication.ts";
import type { RequestFacts } from "../connection/facts.ts";
import type { Caller } from "../rpc/caller.ts";

const BEARER = /^Bearer +([^\s]+) *$/i;
const NONE: ReadonlySet<string> = new Set();

/** What an HTTP caller with the gateway's credential may do on a plugin route (spec 8.9). */
const WRITE_DEFAULT = ["operator.write"];
const TRUSTED_OPERATOR = [
  "operator.admin",
  "operator.read",
  "operator.write",
  "operator.approvals",
  "operator.questions",
  "operator.pairing",
  "operator.talk",
];

export function bearerToken(request: IncomingMessage): string | undefined {
  return BEARER.exec(request.headers.authorization ?? "")?.[1];
}

/**
 * Authenticates an HTTP request with the same decision as a WebSocket `connect`.
 *
 * @throws HandshakeRejection when the credential is missing, wrong, or the caller is locked out
 */
export async function authenticateRequest(
  request: IncomingMessage,
  facts: RequestFacts,
  authentication: Authentication,
  surface: "write-default" | "trusted-operator",
): Promise<Caller> {
  const token = bearerToken(request);
  await authentication.authenticate(token === undefined ? {} : { token }, facts, "operator", []);
  const full = surface === "trusted-operator" ? TRUSTED_OPERATOR : WRITE_DEFAULT;
  const { scopeCap } = facts;
  const abort = new AbortController();
  request.once("close", () => {
    if (!request.complete) abort.abort(new Error("the request was cancelled"));
  });
  return {
    connId: newUuid(),
    role: "operator",
    scopes: scopeCap ? full.filter((scope) => scopeCap.includes(scope)) : full,
    client: { id: "http", mode: "backend", version: "", platform: "" },
    capabilities: NONE,
    address: facts.address,
    signal: abort.signal,
  };
}
