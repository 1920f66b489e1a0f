import type { AuthProfileCredential } from "./auth-profiles.ts";
import type { Message } from "./messages.ts";
import type { AssistantMessageEventStream, ModelDefinition, StreamFn } from "./model-stream.ts";

/** A secret as plugins may state it: the value, or a reference that config resolves. */
export type SecretInput = string | { source: string; [key: string]: unknown };

/** A provider's endpoint and models, from config (`models.providers.<id>`) or a catalogue (spec 2.3). */
export interface ProviderConfig {
  baseUrl?: string;
  apiKey?: SecretInput;
  auth?: string;
  /** Names the transport, for example `openai-completions`. */
  api?: string;
  headers?: Record<string, SecretInput>;
  authHeader?: boolean;
  request?: Record<string, unknown>;
  /** Replaces the model idle time-out, in seconds. */
  timeoutSeconds?: number;
  compat?: Record<string, unknown>;
  models?: (Partial<ModelDefinition> & { id: string })[];
  [key: string]: unknown;
}

/** What every provider function is told. Functions that need more say so in their own type. */
export interface ProviderContext {
  config: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  agentDir?: string;
  workspaceDir?: string;
  signal?: AbortSignal;
}

export interface ProviderApiKey {
  apiKey?: string;
  discoveryApiKey?: string;
  profileId?: string;
  mode?: "api-key" | "oauth" | "token";
  source?: "config" | "env" | "profile" | "none";
}

export interface ProviderCatalogContext extends ProviderContext {
  providerIds?: readonly string[];
  resolveProviderApiKey(id?: string): ProviderApiKey;
  resolveProviderAuth(id?: string, options?: { oauthMarker?: string }): ProviderApiKey;
}

export type ProviderCatalogResult =
  | { provider: ProviderConfig }
  | { providers: Record<string, ProviderConfig> }
  | null
  | undefined;

export interface ProviderCatalog {
  /** Later ones win when two name the same provider. Default `simple`. */
  order?: "simple" | "profile" | "paired" | "late";
  run(context: ProviderCatalogContext): Promise<ProviderCatalogResult> | ProviderCatalogResult;
}

export interface ProviderModelContext extends ProviderContext {
  provider: string;
  modelId: string;
  /** The configured or catalogued provider row, when there is one. */
  providerConfig?: ProviderConfig;
  model?: ModelDefinition;
}

export interface ProviderStreamContext extends ProviderModelContext {
  model: ModelDefinition;
  apiKey?: string;
  thinkingLevel?: string;
  extraParams?: Record<string, unknown>;
}

/** What of earlier turns is sent again, and in which form (spec 2.8). Fields a transport does not know are left to it. */
export interface ReplayPolicy {
  sanitizeToolCallIds?: boolean;
  /** `strict`: letters and digits; `strict9`: nine of them. */
  toolCallIdMode?: "strict" | "strict9";
  preserveSignatures?: boolean;
  sanitizeThoughtSignatures?: { allowBase64Only?: boolean; includeCamelCase?: boolean };
  dropThinkingBlocks?: boolean;
  /** Drops the thinking of turns before the current one. */
  dropReasoningFromHistory?: boolean;
  applyAssistantFirstOrderingFix?: boolean;
  validateGeminiTurns?: boolean;
  validateAnthropicTurns?: boolean;
  [extra: string]: unknown;
}

/** What functions about one request's messages are told. */
export interface ProviderReplayContext extends ProviderModelContext {
  modelApi?: string;
  sessionId?: string;
}

export interface ThinkingProfile {
  levels: { id: string; label?: string; rank?: number }[];
  defaultLevel?: string | null;
  preserveWhenCatalogReasoningFalse?: boolean;
}

export interface ProviderAuthMethod {
  id: string;
  label: string;
  hint?: string;
  kind: "oauth" | "api_key" | "token" | "device_code" | "custom";
  run(context: never): Promise<unknown>;
  [key: string]: unknown;
}

export type FailoverReason =
  | "auth"
  | "auth_permanent"
  | "format"
  | "rate_limit"
  | "overloaded"
  | "billing"
  | "server_error"
  | "timeout"
  | "tls_certificate"
  | "context_overflow"
  | "model_not_found"
  | "session_expired"
  | "empty_response"
  | "no_error_details"
  | "unclassified"
  | "unknown";

/**
 * A text model provider (spec 2.1). Only `id`, `label` and `auth` are required; every function may
 * answer `null` or `undefined` for "no opinion". A function that throws is logged and counts as no answer,
 * except `createStreamFn` and `prepareRuntimeAuth`, whose error fails the request.
 *
 * @example
 * api.registerProvider({ id: "parrot", label: "Parrot", auth: [], createStreamFn: () => parrotStream });
 */
export interface ProviderPlugin {
  id: string;
  label: string;
  auth: ProviderAuthMethod[];
  docsPath?: string;
  aliases?: string[];
  /** Further provider ids that share these functions. */
  hookAliases?: string[];
  /** Environment variables that may hold the key, first one set wins. */
  envVars?: string[];
  preserveLiteralProviderPrefix?: boolean;

  /**
   * Transports (`model.api`) this plugin speaks for providers that only exist in config. Our addition:
   * `models.providers.<id>` with such an `api` is served by this plugin's `createStreamFn`.
   */
  servesApis?: string[];
  /**
   * The model to use when the user chose none. Our addition: the highest `priority` wins; an offline
   * fallback answers 0, a configured endpoint 20. Asked again when plugins or config change.
   */
  suggestDefaultModel?(
    context: ProviderCatalogContext,
  ): Promise<{ model: string; priority: number } | null> | { model: string; priority: number } | null;

  catalog?: ProviderCatalog;
  staticCatalog?: ProviderCatalog;
  buildMissingAuthMessage?(context: ProviderModelContext): string | null | undefined;
  buildUnknownModelHint?(context: ProviderModelContext): string | null | undefined;
  resolveConfigApiKey?(context: ProviderModelContext): string | null | undefined;
  resolveSyntheticAuth?(
    context: ProviderModelContext,
  ): { apiKey: string; source: string; mode: "api-key" | "oauth" | "token" } | null | undefined;
  /** What is sent for a sign-in; its key or token as it is without this. */
  formatApiKey?(credential: AuthProfileCredential): string | null | undefined;
  /**
   * Renews an OAuth sign-in that is about to end; gives the fields that change, `access` among them. Called once
   * at a time; a failure leaves the sign-in as it is.
   */
  refreshOAuth?(
    credential: AuthProfileCredential,
  ): Promise<Partial<AuthProfileCredential>> | Partial<AuthProfileCredential>;
  prepareRuntimeAuth?(
    context: ProviderStreamContext & { authMode?: string; profileId?: string },
  ): Promise<
    | { apiKey?: string; baseUrl?: string; request?: Readonly<Record<string, unknown>>; expiresAt?: number }
    | null
    | undefined
  >;

  /** Completes the user's row of this provider, for example with facts about known models. */
  normalizeConfig?(context: {
    provider: string;
    providerConfig: ProviderConfig;
    config?: Readonly<Record<string, unknown>>;
  }): ProviderConfig | null | undefined;
  normalizeModelId?(context: { provider: string; modelId: string }): string | null | undefined;
  resolveDynamicModel?(context: ProviderModelContext): Partial<ModelDefinition> | null | undefined;
  prepareDynamicModel?(context: ProviderModelContext): Promise<Partial<ModelDefinition> | null | undefined>;
  preferRuntimeResolvedModel?(context: ProviderModelContext): boolean;
  normalizeResolvedModel?(
    context: ProviderModelContext & { model: ModelDefinition },
  ): ModelDefinition | null | undefined;
  normalizeTransport?(context: {
    provider: string;
    modelId?: string;
    api?: string;
    baseUrl?: string;
  }): { api?: string; baseUrl?: string } | null | undefined;

  /** Parameters of a request beside the messages; what it returns takes the place of what it was given. */
  prepareExtraParams?(context: ProviderStreamContext): Record<string, unknown> | null | undefined;
  extraParamsForTransport?(
    context: ProviderStreamContext & { transport?: string },
  ): { patch?: Record<string, unknown> } | null | undefined;
  createStreamFn?(context: ProviderStreamContext): StreamFn | null | undefined;
  wrapStreamFn?(context: ProviderStreamContext & { streamFn: StreamFn }): StreamFn | null | undefined;

  resolveSystemPromptContribution?(
    context: ProviderModelContext,
  ): { stablePrefix?: string; dynamicSuffix?: string } | null | undefined;
  transformSystemPrompt?(context: ProviderModelContext & { systemPrompt: string }): string | null | undefined;
  normalizeToolSchemas?(
    context: ProviderModelContext & {
      tools: { name: string; description: string; parameters: object }[];
    },
  ): { name: string; description: string; parameters: object }[] | null | undefined;
  buildReplayPolicy?(context: ProviderReplayContext): ReplayPolicy | null | undefined;
  sanitizeReplayHistory?(
    context: ProviderReplayContext & { messages: Message[] },
  ): Promise<Message[] | null | undefined> | Message[] | null | undefined;
  validateReplayTurns?(
    context: ProviderReplayContext & { messages: Message[] },
  ): Promise<Message[] | null | undefined> | Message[] | null | undefined;

  resolveThinkingProfile?(context: {
    provider: string;
    modelId: string;
    reasoning?: boolean;
    compat?: Record<string, unknown>;
  }): ThinkingProfile | null | undefined;
  matchesContextOverflowError?(context: {
    provider?: string;
    modelId?: string;
    errorMessage: string;
  }): boolean;
  classifyFailoverReason?(context: {
    provider?: string;
    modelId?: string;
    errorMessage: string;
    status?: number;
    code?: string;
    errorType?: string;
  }): FailoverReason | null | undefined;

  [extension: string]: unknown;
}

export type { AssistantMessageEventStream };
