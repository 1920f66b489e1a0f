import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import type { PluginManifest } from "../../contracts/manifest.ts";
import type { PluginCandidate } from "../discovery/candidate.ts";
import type { Claim } from "./types.ts";

/** What people call the contracts that need a word of their own; others are shown by their key. */
const CONTRACT_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    tools: "agent tool",
    trustedToolPolicies: "decides about every tool call",
    agentToolCallMiddleware: "stands around the execution of tools",
    agentToolResultMiddleware: "changes tool results before the model sees them",
    embeddingProviders: "embedding provider",
    memoryEmbeddingProviders: "embedding provider for memory",
    speechProviders: "speech provider",
    realtimeTranscriptionProviders: "live transcription provider",
    realtimeVoiceProviders: "live voice provider",
    mediaUnderstandingProviders: "media understanding provider",
    imageGenerationProviders: "image generation provider",
    videoGenerationProviders: "video generation provider",
    musicGenerationProviders: "music generation provider",
    webSearchProviders: "web search provider",
    webFetchProviders: "web fetch provider",
    decisionProviders: "decides questions of the gateway",
    externalAuthProviders: "brings sign-ins for the model provider",
    gatewayMethodDispatch: "calls gateway methods from its HTTP routes",
    usageProviders: "reads usage and bills of the model provider",
  }),
);

/**
 * Everything the manifests of a package say about ownership, contributions and permissions, in one order.
 *
 * @param elsewhere packages it brings that are not of the registry
 */
export function claimsOf(
  candidates: readonly PluginCandidate[],
  elsewhere: readonly string[] = [],
): readonly Claim[] {
  const claims = new Map<string, Claim>();
  const add = (kind: string, names: readonly string[]) => {
    for (const name of names) claims.set(`${kind}\0${name}`, { kind, name });
  };
  for (const { rootDir, manifest, bundle, format } of candidates) {
    if (format === "openclaw") add("runs code", ["inside the gateway, with its rights"]);
    if (manifest) addManifest(manifest, add);
    // As the package says it: where it lies while somebody looks at it must not make it another package.
    add("skills", bundle?.skillRoots.map((root) => relative(rootDir, root).split(sep).join("/")) ?? []);
    add("starts a program (MCP server)", Object.keys(bundle?.mcpServers ?? {}));
  }
  add("brings code from elsewhere than the registry", elsewhere);
  return [...claims.values()].sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name));
}

type AddClaims = (kind: string, names: readonly string[]) => void;

function addManifest(manifest: PluginManifest, add: AddClaims): void {
  add("exclusive slot", manifest.kinds);
  add("channel", manifest.channels);
  add("model provider", manifest.providers);
  add("command-line backend", manifest.cliBackends);
  add(
    "chat command",
    manifest.commandAliases.map(({ name }) => `/${name}`),
  );
  add(
    "sluice command",
    manifest.cliCommands.map(({ name }) => name),
  );
  add("starts a program (MCP server)", Object.keys(manifest.mcpServers));
  add("skills", manifest.skills);
  for (const [key, names] of Object.entries(manifest.contracts)) add(CONTRACT_WORDS.get(key) ?? key, names);
  for (const { id, envVars, authEvidence } of manifest.setup?.providers ?? []) {
    add("provider set-up", [id]);
    add("reads environment variable", envVars);
    for (const { fallbackPaths, fileEnvVar } of authEvidence) {
      add("reads file", fallbackPaths);
      if (fileEnvVar !== undefined) add("reads environment variable", [fileEnvVar]);
    }
  }
  addCredentials(manifest, add);
  add(
    "setting that may hold a secret",
    manifest.secretInputs.map(({ path }) => path),
  );
  add(
    "dangerous setting",
    manifest.dangerousFlags.map(({ path }) => path),
  );
  const sessions = manifest.setup?.nativeSessionCatalog;
  add("lists conversations of another program", sessions ? [sessions.label] : []);
  add("page in the control interface", manifest.controlUi ? [manifest.controlUi.entry] : []);
  add("needs the plugin", manifest.requiresPlugins);
}

/** What reaches keys that are not the plugin's own (spec 1.11). */
function addCredentials({ providers, providerMetadata }: PluginManifest, add: AddClaims): void {
  const { providerUsageAuthEnvVars, providerAuthAliases, secretProviderIntegrations } = providerMetadata;
  add("reads environment variable", Object.values(providerUsageAuthEnvVars).flat());
  for (const [alias, { provider, baseUrls }] of Object.entries(providerAuthAliases)) {
    if (providers.includes(provider)) continue;
    const places = baseUrls ? ` at ${baseUrls.join(" or ")}` : "";
    add("uses the key of another model provider", [`${provider} for ${alias}${places}`]);
  }
  for (const [name, { providerAlias, args, passEnv }] of Object.entries(secretProviderIntegrations)) {
    add("gives out secrets by running a script", [`${providerAlias ?? name} (${args[0]})`]);
    add("reads environment variable", passEnv ?? []);
  }
}

export function digestClaims(claims: readonly Claim[]): string {
  return createHash("sha256")
    .update(JSON.stringify(claims.map(({ kind, name }) => [kind, name])))
    .digest("hex");
}

/** Names exactly this content and these claims; an operator's answer is worth nothing for another package. */
export function reviewToken(pluginId: string, integrity: string, claims: readonly Claim[]): string {
  return createHash("sha256")
    .update(JSON.stringify([pluginId, integrity, digestClaims(claims)]))
    .digest("hex");
}

/** Lines such as `channel: irc`, one kind a line. */
export function describeClaims(claims: readonly Claim[]): readonly string[] {
  const byKind = new Map<string, string[]>();
  for (const { kind, name } of claims) byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  return [...byKind].map(([kind, names]) => `${kind}: ${names.join(", ")}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
