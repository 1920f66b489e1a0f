import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import type { ActivatePlugins, RegistryEntry, RegistryReader } from "../../plugins/types.ts";
import { detectMime, mediaKindFromMime } from "../media/detect-mime.ts";
import { inOrder, type ProviderAttempt, providerNamed, sectionAt, textAt } from "../provider-choice.ts";

type Config = Readonly<Record<string, unknown>>;
export type MediaCapability = "image" | "audio" | "video";

export const DEFAULT_UNDERSTANDING_TIMEOUT_MS = 60_000;
/** Largest file that is given to a provider, unless `tools.media.<kind>.maxBytes` says otherwise. */
export const DEFAULT_UNDERSTANDING_BYTES = { image: 10_485_760, audio: 20_971_520, video: 52_428_800 };

interface Understood {
  text?: string;
  model?: string;
}

type Request = Record<string, unknown>;

/** The members of a media understanding provider that the host calls (spec 2.9). */
export interface MediaUnderstandingMembers {
  id: string;
  aliases?: string[];
  capabilities?: readonly MediaCapability[];
  defaultModels?: Partial<Record<MediaCapability, string>>;
  autoPriority?: Partial<Record<MediaCapability, number>>;
  resolveAuth?(context: Request): { kind: "none" | "api-key"; apiKey?: string } | null | undefined;
  describeImage?(request: Request): Promise<Understood>;
  transcribeAudio?(request: Request): Promise<Understood>;
  describeVideo?(request: Request): Promise<Understood>;
  extractStructured?(request: Request): Promise<Understood & { parsed?: unknown; contentType?: string }>;
}

export interface UnderstandFileParams {
  filePath: string;
  cfg?: Config;
  mime?: string;
  prompt?: string;
  language?: string;
  agentDir?: string;
  timeoutMs?: number;
  [extra: string]: unknown;
}

export interface UnderstandingResult {
  /** Undefined when there is nothing to say: disabled, too large, nothing configured, all failed. */
  text: string | undefined;
  provider?: string;
  model?: string;
  decision: { capability?: MediaCapability; reason?: string; attempts: readonly ProviderAttempt[] };
}

export interface ExtractParams {
  provider: string;
  model: string;
  input: readonly { type: string; [key: string]: unknown }[];
  instructions: string;
  schemaName?: string;
  jsonSchema?: object;
  cfg?: Config;
  agentDir?: string;
  timeoutMs?: number;
  [extra: string]: unknown;
}

/** `api.runtime.mediaUnderstanding` (spec 4.8). */
export interface PluginRuntimeMediaUnderstanding {
  describeImageFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  transcribeAudioFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  describeVideoFile(params: UnderstandFileParams): Promise<UnderstandingResult>;
  /** The kind is taken from the file when `capability` is not given. */
  runFile(params: UnderstandFileParams & { capability?: MediaCapability }): Promise<UnderstandingResult>;
  /** @throws SluiceError `INPUT_WITHOUT_IMAGE`, `PROVIDER_UNKNOWN`, `PROVIDER_CANNOT`, `ANSWER_INVALID` */
  extractStructuredWithModel(params: ExtractParams): Promise<{
    text: string;
    parsed?: unknown;
    provider: string;
    model: string;
    contentType: string;
  }>;
}

export interface MediaUnderstandingRooms {
  registry: RegistryReader;
  config: { current(): { config: Config } };
  models: { apiKeyFor(provider: string): { apiKey?: string | undefined } | undefined };
  clock: Clock;
  /** Providers may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
}

const CONTRACT = "mediaUnderstandingProviders";

/** The host chooses who looks at a file, and never sends one it was told to keep (spec 2.10, 4.8). */
export function mediaUnderstandingNamespace(rooms: MediaUnderstandingRooms): PluginRuntimeMediaUnderstanding {
  const run = (capability: MediaCapability) => (params: UnderstandFileParams) =>
    understand(rooms, capability, params);
  return {
    describeImageFile: run("image"),
    transcribeAudioFile: run("audio"),
    describeVideoFile: run("video"),
    async runFile({ capability, ...params }) {
      const kind = capability ?? (await kindOf(params));
      if (kind) return understand(rooms, kind, params);
      return nothing(undefined, "no provider takes files of this kind", []);
    },
    extractStructuredWithModel: (params) => extract(rooms, params),
  };
}

type Entry = RegistryEntry<MediaUnderstandingMembers>;
const METHODS = { image: "describeImage", audio: "transcribeAudio", video: "describeVideo" } as const;

async function understand(
  rooms: MediaUnderstandingRooms,
  capability: MediaCapability,
  params: UnderstandFileParams,
): Promise<UnderstandingResult> {
  const { filePath, mime, cfg: given, timeoutMs = DEFAULT_UNDERSTANDING_TIMEOUT_MS, ...rest } = params;
  const cfg = given ?? rooms.config.current().config;
  await rooms.activate?.({ kind: "contract", contract: CONTRACT });
  const settings = sectionAt(cfg, "tools", "media", capability);
  const attempts: ProviderAttempt[] = [];
  if (settings["enabled"] === false) return nothing(capability, "disabled by the configuration", attempts);
  const limit = settings["maxBytes"];
  const maxBytes = typeof limit === "number" ? limit : DEFAULT_UNDERSTANDING_BYTES[capability];
  const candidates = candidatesFor(rooms, capability, settings);
  if (candidates.length === 0) return nothing(capability, "no provider is configured", attempts);
  const buffer = await readBounded(filePath, maxBytes);
  if (!buffer) return nothing(capability, `the file is larger than ${maxBytes} bytes`, attempts);
  const fileName = basename(filePath);
  const type = mime ?? detectMime(buffer, { fileName });
  for (const { entry, model, auth, endpoint } of candidates) {
    const { value } = entry;
    const look = value[METHODS[capability]];
    if (!look) {
      attempts.push({ provider: value.id, outcome: "skipped", reason: `it has no ${METHODS[capability]}` });
      continue;
    }
    try {
      const seen = { ...rest, ...auth, ...endpoint, buffer, fileName, mime: type, cfg, provider: value.id };
      // `input` is for functions of the SDK that a provider hands its model and what to look at.
      const request = { ...seen, model, input: { ...seen, timeoutMs } };
      const what = `${capability} understanding by ${value.id}`;
      const work = Promise.resolve(look({ ...request, timeoutMs }));
      const answer = await withDeadline(work, timeoutMs, what, rooms.clock);
      const text = answer?.text?.trim();
      if (!text) throw new Error("it said nothing");
      attempts.push({ provider: value.id, outcome: "success" });
      const used = answer.model ?? model;
      return {
        text,
        provider: value.id,
        ...(used === undefined ? {} : { model: used }),
        decision: { capability, attempts },
      };
    } catch (error) {
      attempts.push({ provider: value.id, outcome: "failed", reason: errorMessage(error) });
    }
  }
  return nothing(capability, "every provider failed", attempts);
}

interface Candidate {
  entry: Entry;
  model: string | undefined;
  auth: { apiKey?: string };
  endpoint: { baseUrl?: string; headers?: Record<string, string> };
}

/** What `tools.media.<kind>.models` lists, in its order; else whoever has a credential, by priority. */
function candidatesFor(
  rooms: MediaUnderstandingRooms,
  capability: MediaCapability,
  settings: Config,
): readonly Candidate[] {
  const entries = rooms.registry.current().list<MediaUnderstandingMembers>("mediaUnderstandingProvider");
  const able = entries.filter(({ value }) => value.capabilities?.includes(capability) ?? true);
  const listed = settings["models"];
  if (Array.isArray(listed) && listed.length > 0) {
    return listed.filter(isRecord).flatMap((wish) => {
      const entry = providerNamed(able, textAt(wish, "provider") ?? "");
      if (!entry) return [];
      const model = textAt(wish, "model") ?? entry.value.defaultModels?.[capability];
      const endpoint = endpointOf(rooms, entry, wish, settings);
      return [{ entry, model, auth: authOf(rooms, entry) ?? {}, endpoint }];
    });
  }
  return inOrder(able, (value) => value.autoPriority?.[capability]).flatMap((entry) => {
    const auth = authOf(rooms, entry);
    const model = entry.value.defaultModels?.[capability];
    return auth ? [{ entry, model, auth, endpoint: endpointOf(rooms, entry, settings) }] : [];
  });
}

/** Undefined when the provider has no credential and does not say that it needs none. */
function authOf(rooms: MediaUnderstandingRooms, { value }: Entry): { apiKey?: string } | undefined {
  const own = value.resolveAuth?.({ cfg: rooms.config.current().config, provider: value.id });
  if (own?.kind === "none") return {};
  const apiKey = own?.apiKey ?? rooms.models.apiKeyFor(value.id)?.apiKey;
  return apiKey === undefined ? undefined : { apiKey };
}

/** Where the operator says a provider is: in the settings of the capability, else in those of its models. */
function endpointOf(rooms: MediaUnderstandingRooms, { value }: Entry, ...settings: readonly Config[]) {
  const { config } = rooms.config.current();
  const sections = [...settings, sectionAt(config, "models", "providers", value.id)];
  const baseUrl = sections.map((section) => textAt(section, "baseUrl")).find((text) => text !== undefined);
  const headers: Record<string, string> = {};
  for (const section of [...sections].reverse()) {
    for (const [name, header] of Object.entries(sectionAt(section, "headers"))) {
      if (typeof header === "string") headers[name] = header;
    }
  }
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

async function extract(rooms: MediaUnderstandingRooms, params: ExtractParams) {
  const { timeoutMs = DEFAULT_UNDERSTANDING_TIMEOUT_MS, ...rest } = params;
  if (!params.input.some(({ type }) => type === "image")) {
    throw new SluiceError(
      "INPUT_WITHOUT_IMAGE",
      "extractStructuredWithModel needs at least one image in input",
    );
  }
  await rooms.activate?.({ kind: "contract", contract: CONTRACT });
  const entries = rooms.registry.current().list<MediaUnderstandingMembers>("mediaUnderstandingProvider");
  const entry = providerNamed(entries, params.provider);
  if (!entry) {
    throw new SluiceError(
      "PROVIDER_UNKNOWN",
      `no plugin registers the media understanding provider "${params.provider}"`,
    );
  }
  const { value } = entry;
  if (!value.extractStructured) {
    throw new SluiceError("PROVIDER_CANNOT", `the provider "${value.id}" has no extractStructured`);
  }
  const cfg = params.cfg ?? rooms.config.current().config;
  const request = { ...authOf(rooms, entry), ...rest, cfg, timeoutMs };
  const work = Promise.resolve(value.extractStructured(request));
  const answer = await withDeadline(work, timeoutMs, `extraction by ${value.id}`, rooms.clock);
  const text = answer.text ?? "";
  const parsed = answer.parsed ?? (params.jsonSchema ? parse(text) : undefined);
  if (params.jsonSchema) await assertMatches(params.jsonSchema, parsed);
  return {
    text,
    ...(parsed === undefined ? {} : { parsed }),
    provider: value.id,
    model: answer.model ?? params.model,
    contentType: answer.contentType ?? (parsed === undefined ? "text" : "json"),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SluiceError("ANSWER_INVALID", "the model's answer is not JSON", { cause });
  }
}

async function assertMatches(schema: object, value: unknown): Promise<void> {
  const { Check } = await import("typebox/schema");
  if (Check(schema as Parameters<typeof Check>[0], value)) return;
  throw new SluiceError("ANSWER_INVALID", "the model's answer does not match the schema");
}

/** Reads a file whole, or answers `undefined` when it is larger than allowed. */
async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size > maxBytes) return undefined;
    return await file.readFile();
  } finally {
    await file.close();
  }
}

const SNIFFED_BYTES = 4_100;

async function kindOf({ filePath, mime }: UnderstandFileParams): Promise<MediaCapability | undefined> {
  let type = mime;
  if (type === undefined) {
    const file = await open(filePath, "r");
    try {
      const head = Buffer.alloc(SNIFFED_BYTES);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      type = detectMime(head.subarray(0, bytesRead), { fileName: basename(filePath) });
    } finally {
      await file.close();
    }
  }
  const kind = mediaKindFromMime(type);
  return kind === "image" || kind === "audio" || kind === "video" ? kind : undefined;
}

function nothing(
  capability: MediaCapability | undefined,
  reason: string,
  attempts: readonly ProviderAttempt[],
): UnderstandingResult {
  return { text: undefined, decision: { ...(capability ? { capability } : {}), reason, attempts } };
}
