import type { NodeHostCommand, ReloadRegistration } from "../contracts/capabilities.ts";
import type { PluginKind } from "../contracts/manifest.ts";
import type { PluginApi, PluginDefinition } from "../contracts/plugin-api.ts";
import { isRecord } from "./values/records.ts";

export type {
  OmeniaClawPluginApi,
  OpenClawPluginApi,
  OpenClawPluginDefinition,
  PluginApi,
  PluginDefinition,
  PluginRegistrationMode,
} from "../contracts/plugin-api.ts";
export type { PluginLogger } from "../contracts/registrations.ts";

export interface PluginEntryOptions {
  id: string;
  name: string;
  description: string;
  /** Only stores registrations; must be synchronous. */
  register(api: PluginApi): void;
  kind?: PluginKind | PluginKind[];
  /** JSON Schema, or a function that is asked once, on first use. Default: an object without properties. */
  configSchema?: unknown;
  reload?: ReloadRegistration;
  nodeHostCommands?: NodeHostCommand[];
  securityAuditCollectors?: ((context: never) => unknown)[];
}

/**
 * The schema of a plugin without settings. Older plugins read it as a parser with its JSON Schema beside it;
 * both are there, out of sight of whoever reads the schema itself.
 */
export function emptyPluginConfigSchema(): Record<string, unknown> {
  const schema = { type: "object", properties: {}, additionalProperties: false };
  const safeParse = (value: unknown) =>
    value === undefined || (isRecord(value) && Object.keys(value).length === 0)
      ? { success: true, data: value }
      : { success: false, error: { issues: [{ path: [], message: "this plugin has no settings" }] } };
  return Object.defineProperties(schema, {
    safeParse: { value: safeParse },
    jsonSchema: { value: { ...schema } },
  });
}

/**
 * Declares a plugin (spec 6.1). The result is the entry module's default export.
 *
 * @example
 * export default definePluginEntry({
 *   id: "greeter",
 *   name: "Greeter",
 *   description: "Answers /hello",
 *   register(api) {
 *     api.registerCommand({ name: "hello", description: "Say hello", handler: () => ({ text: "Hello!" }) });
 *   },
 * });
 */
export function definePluginEntry(
  options: PluginEntryOptions,
): PluginDefinition & Required<Pick<PluginDefinition, "id" | "name" | "description" | "register">> {
  const { configSchema, ...rest } = options;
  let resolved: unknown;
  return {
    ...rest,
    get configSchema() {
      resolved ??=
        typeof configSchema === "function" ? configSchema() : (configSchema ?? emptyPluginConfigSchema());
      return resolved;
    },
  };
}
