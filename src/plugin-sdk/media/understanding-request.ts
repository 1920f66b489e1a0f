import { isSluiceError } from "../../kernel/errors.ts";
import { currentHost } from "../ambient/host.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";

export const DEFAULT_UNDERSTANDING_TIMEOUT_MS = 60_000;

/** A file to look at or listen to. */
export interface UnderstandingFile {
  buffer: Buffer;
  mime?: string;
  fileName?: string;
}

/**
 * What providers of media understanding hand to the functions here: the request they were given, or only
 * `provider`, `model` and the request's `input`. What is stated outside of `input` wins.
 */
export interface UnderstandingRequest {
  provider?: string;
  model?: string;
  input?: unknown;
  buffer?: Uint8Array;
  mime?: string;
  fileName?: string;
  prompt?: string;
  language?: string;
  maxTokens?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
  apiKey?: string;
  auth?: { kind: "none" | "api-key"; apiKey?: string };
  baseUrl?: string;
  headers?: Record<string, string>;
  query?: Record<string, string | number | boolean>;
  fetchFn?: typeof fetch;
  cfg?: Readonly<Record<string, unknown>>;
  [extra: string]: unknown;
}

/** The request with its `input` laid open: a request of its own, or a file, its bytes or a data URL. */
export function openRequest(request: UnderstandingRequest): UnderstandingRequest {
  const { input, ...stated } = request;
  const given = Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
  if (input === undefined || input === null) return given;
  const file = fileOf(input);
  const rest = isRecord(input) && !Array.isArray(input) && !(input instanceof Uint8Array) ? input : {};
  return { ...rest, ...file, ...given };
}

/** @throws when it holds no bytes */
export function requireFile(request: UnderstandingRequest, what: string): UnderstandingFile {
  const file = fileOf(request);
  if (file) return file;
  throw new Error(`${what} needs the file's bytes: give buffer, or input with a buffer or a data URL`);
}

/** Every picture of a request: its `images`, a list in `input`, or the one file it is about. */
export function imagesOf(request: UnderstandingRequest, what: string): UnderstandingFile[] {
  const listed = [request["images"], request.input].find(Array.isArray);
  if (!listed) return [requireFile(openRequest(request), what)];
  return listed.flatMap((part) => fileOf(part) ?? []);
}

function fileOf(value: unknown): UnderstandingFile | undefined {
  if (value instanceof Uint8Array) return { buffer: bytesOf(value) };
  if (typeof value === "string") return dataUrl(value);
  if (!isRecord(value)) return undefined;
  const names = {
    ...textField("mime", value["mime"] ?? value["mimeType"]),
    ...textField("fileName", value["fileName"]),
  };
  const { buffer, data, url } = value;
  if (buffer instanceof Uint8Array) return { buffer: bytesOf(buffer), ...names };
  if (data instanceof Uint8Array) return { buffer: bytesOf(data), ...names };
  if (typeof data === "string") return { buffer: Buffer.from(data, "base64"), ...names };
  const inline = typeof url === "string" ? dataUrl(url) : undefined;
  return inline && { ...inline, ...names };
}

function dataUrl(text: string): UnderstandingFile | undefined {
  const found = /^data:([^;,]+);base64,(.+)$/s.exec(text);
  return found ? { buffer: Buffer.from(found[2] as string, "base64"), mime: found[1] as string } : undefined;
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textField<Name extends string>(name: Name, value: unknown): { [Key in Name]?: string } {
  return typeof value === "string" && value !== "" ? ({ [name]: value } as { [Key in Name]: string }) : {};
}

/** The text of a setting, trimmed; the fallback when it is no text or empty. */
export function resolveMediaUnderstandingString(value: unknown, fallback: string): string {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : fallback;
}

/**
 * Where to send a request and with which key: as stated, else as the running gateway has the provider
 * configured (`models.providers.<id>`), else the provider's own address.
 *
 * @throws when there is no address, naming the setting
 */
export async function resolveEndpoint(
  request: UnderstandingRequest,
  what: string,
): Promise<{ baseUrl: string; headers: Record<string, string>; query: URLSearchParams }> {
  const { provider, auth } = request;
  const row = provider ? providerRow(request, provider) : {};
  const baseUrl = [request.baseUrl, row["baseUrl"], request["defaultBaseUrl"]]
    .map((candidate) => resolveMediaUnderstandingString(candidate, ""))
    .find((candidate) => candidate !== "");
  if (!baseUrl) {
    throw new Error(`${what} needs an address: set models.providers.${provider ?? "<provider>"}.baseUrl`);
  }
  const apiKey =
    auth?.kind === "none" ? undefined : (auth?.apiKey ?? request.apiKey ?? (await keyOf(provider)));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) query.set(name, String(value));
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    headers: { ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}), ...request.headers },
    query,
  };
}

function providerRow(request: UnderstandingRequest, provider: string): UnknownRecord {
  const config = request.cfg ?? currentHost()?.services?.config().config;
  const row = readPath(config, ["models", "providers", provider]);
  return isRecord(row) ? row : {};
}

async function keyOf(provider: string | undefined): Promise<string | undefined> {
  const host = currentHost();
  if (!host || !provider) return undefined;
  try {
    return (await host.runtime.modelAuth.resolveApiKeyForProvider({ provider })).apiKey;
  } catch (error) {
    // Whether a request may go without one is for its caller to say.
    if (isSluiceError(error) && error.code === "MODEL_AUTH_MISSING") return undefined;
    throw error;
  }
}
