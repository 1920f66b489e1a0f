import type { StreamFn } from "sluice/plugin-sdk/model-stream";

/** Headers and fields of the Messages protocol that are Anthropic's own. */

export const BETA_HEADER = "anthropic-beta";
/** What a subscription's token has to announce. */
export const OAUTH_BETA = "oauth-2025-04-20";
const LONG_CONTEXT_BETA = "context-1m-2025-08-07";
const OAUTH_TOKEN = "sk-ant-oat";
const MESSAGES_API = "anthropic-messages";

export type AnthropicServiceTier = "auto" | "standard_only";
type Params = Readonly<Record<string, unknown>> | undefined;

/** Tokens of a subscription are sent differently, and have no service tier. */
export function isOAuthToken(apiKey: string | undefined): boolean {
  return apiKey?.includes(OAUTH_TOKEN) === true;
}

/** The beta features that parameters ask for: `anthropicBeta` (one, a list, or comma separated), `context1m`. */
export function resolveAnthropicBetas(params: Params): string[] | undefined {
  const stated = params?.["anthropicBeta"] ?? params?.["anthropic_beta"];
  const listed = (Array.isArray(stated) ? stated : [stated]).filter((one) => typeof one === "string");
  const betas = listed.flatMap((one) => one.split(",")).map((one) => one.trim());
  if (params?.["context1m"] === true) betas.push(LONG_CONTEXT_BETA);
  const wanted = [...new Set(betas)].filter((one) => one !== "");
  return wanted.length > 0 ? wanted : undefined;
}

/** `serviceTier` of the parameters; anything but `auto` and `standard_only` is no tier. */
export function resolveAnthropicServiceTier(params: Params): AnthropicServiceTier | undefined {
  const stated = params?.["serviceTier"] ?? params?.["service_tier"];
  const tier = typeof stated === "string" ? stated.trim().toLowerCase() : "";
  return tier === "auto" || tier === "standard_only" ? tier : undefined;
}

/** `fastMode` of the parameters, also as `"on"`, `"off"`, `"true"`, `"false"`. */
export function resolveAnthropicFastMode(params: Params): boolean | undefined {
  const stated = params?.["fastMode"] ?? params?.["fast_mode"];
  if (typeof stated === "boolean") return stated;
  const word = typeof stated === "string" ? stated.trim().toLowerCase() : "";
  if (["on", "true", "fast"].includes(word)) return true;
  return ["off", "false", "normal"].includes(word) ? false : undefined;
}

/** The header with these features added to what it says already, each once. */
export function withBetas(
  headers: Record<string, string> | undefined,
  betas: readonly string[],
): Record<string, string> {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === BETA_HEADER) ?? BETA_HEADER;
  const said = (headers?.[name] ?? "").split(",").map((one) => one.trim());
  const all = [...new Set([...said, ...betas])].filter((one) => one !== "");
  return { ...headers, ...(all.length > 0 ? { [name]: all.join(",") } : {}) };
}

/** Announces beta features with every request. */
export function createAnthropicBetaHeadersWrapper(
  baseStreamFn: StreamFn | undefined,
  betas: readonly string[],
): StreamFn {
  const base = requireStream(baseStreamFn);
  return (model, context, options) =>
    base(model, context, { ...options, headers: withBetas(options?.headers, betas) });
}

/**
 * States the service tier in requests of the Messages protocol. A tier that the request already has stays;
 * requests with a subscription's token are left alone, because they are refused with one.
 */
export function createAnthropicServiceTierWrapper(
  baseStreamFn: StreamFn | undefined,
  serviceTier: AnthropicServiceTier,
): StreamFn {
  const base = requireStream(baseStreamFn);
  return (model, context, options) => {
    if (model.api !== MESSAGES_API || isOAuthToken(options?.apiKey)) return base(model, context, options);
    return base(model, context, {
      ...options,
      onPayload(payload, actual) {
        const given = options?.onPayload?.(payload, actual) ?? payload;
        return { service_tier: serviceTier, ...(given as object) };
      },
    });
  };
}

/** Fast mode in the one form every account has: capacity of the priority tier when it is on, none when it is off. */
export function createAnthropicFastModeWrapper(
  baseStreamFn: StreamFn | undefined,
  enabled: boolean,
): StreamFn {
  return createAnthropicServiceTierWrapper(baseStreamFn, enabled ? "auto" : "standard_only");
}

/** A stream with everything that the model's parameters ask for; `serviceTier` wins over `fastMode`. */
export function wrapAnthropicProviderStream(context: {
  streamFn?: StreamFn | undefined;
  extraParams?: Params;
}): StreamFn | undefined {
  const { streamFn, extraParams } = context;
  if (!streamFn) return undefined;
  const betas = resolveAnthropicBetas(extraParams);
  const tier = resolveAnthropicServiceTier(extraParams);
  const fast = resolveAnthropicFastMode(extraParams);
  let stream = streamFn;
  if (betas) stream = createAnthropicBetaHeadersWrapper(stream, betas);
  if (tier) stream = createAnthropicServiceTierWrapper(stream, tier);
  else if (fast !== undefined) stream = createAnthropicFastModeWrapper(stream, fast);
  return stream;
}

function requireStream(stream: StreamFn | undefined): StreamFn {
  if (stream) return stream;
  throw new Error("a stream wrapper needs the stream to wrap; take it from wrapStreamFn or createStreamFn");
}
