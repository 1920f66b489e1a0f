export * from "./contract-api.ts";
export { ANTHROPIC_BASE_URL, buildAnthropicProvider } from "./provider.ts";
