import { reasonOfStatus } from "../../runtime/models/index.ts";

/** A failed request as the agent reports it. `code` is one of the failover reasons of spec 2.6. */
export class RequestFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "RequestFailure";
    this.code = code;
  }
}

const MAX_MESSAGE_CHARS = 500;

/** The failure behind an HTTP status and the error body a server sent with it. */
export function failureOf(status: number, body: string, secret: string | undefined): RequestFailure {
  const told = messageIn(body);
  const text = `${status} ${told || "the model server refused the request"}`;
  return new RequestFailure(
    reasonOfStatus(status, told),
    withoutSecret(text, secret).slice(0, MAX_MESSAGE_CHARS),
  );
}

/** The failure behind a connection that broke or never came about. */
export function connectionFailure(error: unknown, baseUrl: string): RequestFailure {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const code = cause?.code ?? "";
  const reason = /CERT|SELF_SIGNED|TLS/.test(code) ? "tls_certificate" : "timeout";
  const detail = cause?.message ?? (error instanceof Error ? error.message : String(error));
  return new RequestFailure(reason, `the model server at ${baseUrl} cannot be reached: ${detail}`);
}

function messageIn(body: string): string {
  try {
    const value = JSON.parse(body) as { error?: unknown; message?: unknown };
    const error = value.error ?? value.message;
    if (typeof error === "string") return error;
    const message = (error as { message?: unknown } | undefined)?.message;
    return typeof message === "string" ? message : "";
  } catch {
    return body.trim().slice(0, 200);
  }
}

function withoutSecret(text: string, secret: string | undefined): string {
  return secret && secret.length >= 6 ? text.replaceAll(secret, "[redacted]") : text;
}
