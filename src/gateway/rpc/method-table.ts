import { SluiceError } from "../../kernel/errors.ts";
import type { RegistryReader } from "../../plugins/types.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { type CompiledSchema, compileSchema } from "../../protocol/validation.ts";
import { CATALOGUE, type CatalogueGroup } from "./catalogue.ts";
import type { Method } from "./method.ts";
import { pluginMethod, type RegisteredGatewayMethod } from "./plugin-method.ts";

/** A method whose code is loaded and whose parameter schema is compiled. */
export interface ReadyMethod {
  readonly method: Method;
  /** Absent for plugin methods: they check their own parameters. */
  readonly params: CompiledSchema | undefined;
}

export const GATEWAY_METHOD_KIND = "gatewayMethod";

/** Finds methods by name: the core's, loaded by group on first use, and those of plugins. */
export class MethodTable {
  readonly #groups = new Map<string, CatalogueGroup>();
  readonly #ready = new Map<string, ReadyMethod>();
  readonly #registry: RegistryReader;
  readonly #fromPlugins = new WeakMap<object, ReadyMethod>();

  constructor(registry: RegistryReader, catalogue: readonly CatalogueGroup[] = CATALOGUE) {
    this.#registry = registry;
    for (const group of catalogue) for (const name of group.names) this.#groups.set(name, group);
  }

  /** Names told to clients: the core's, then the plugins'. */
  names(): string[] {
    const plugins = this.#registry.current().list(GATEWAY_METHOD_KIND);
    return [...this.#groups.keys(), ...plugins.map((entry) => entry.key)];
  }

  /** True for a name of the core; a plugin may not take it. */
  isCore(name: string): boolean {
    return this.#groups.has(name);
  }

  /** The method if it can be called without waiting: the hot path. */
  readyNow(name: string): ReadyMethod | undefined {
    return this.#ready.get(name) ?? this.#ofPlugin(name);
  }

  /** Loads and compiles the method; `undefined` for an unknown name. */
  async load(name: string): Promise<ReadyMethod | undefined> {
    const known = this.readyNow(name);
    if (known) return known;
    const group = this.#groups.get(name);
    if (!group) return undefined;
    const { default: methods } = await group.load();
    const method = methods.find((candidate) => candidate.name === name);
    if (!method) throw new Error(`the method group of ${name} does not export it`);
    const ready = { method, params: await compileSchema(method.params) };
    this.#ready.set(name, ready);
    return ready;
  }

  #ofPlugin(name: string): ReadyMethod | undefined {
    if (this.#groups.has(name)) return undefined;
    const entry = this.#registry.current().get<RegisteredGatewayMethod>(GATEWAY_METHOD_KIND, name);
    if (!entry) return undefined;
    let ready = this.#fromPlugins.get(entry);
    if (!ready) {
      ready = { method: pluginMethod(entry), params: undefined };
      this.#fromPlugins.set(entry, ready);
    }
    return ready;
  }
}

export function unknownMethod(name: string): SluiceError<ErrorCode> {
  return new SluiceError("INVALID_REQUEST", `unknown method: ${name}`);
}
