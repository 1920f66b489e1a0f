import type { ChannelConfig, ChannelPlugin, ChannelRegistration } from "../contracts/channel.ts";
import type { RegistryReader } from "../plugins/types.ts";
import { asText } from "./config-values.ts";
import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "./routing/session-key.ts";

/** Finds channel plugins in the current registry generation. Holds nothing. */
export class ChannelDirectory {
  readonly #registry: RegistryReader;

  constructor(registry: RegistryReader) {
    this.#registry = registry;
  }

  list(): ChannelPlugin[] {
    return this.#registry
      .current()
      .list<ChannelPlugin | ChannelRegistration>("channel")
      .map((entry) => unwrap(entry.value));
  }

  /** By id, or by an alias a person may type. */
  get(idOrAlias: string): ChannelPlugin | undefined {
    const wanted = idOrAlias.trim().toLowerCase();
    const direct = this.#registry.current().get<ChannelPlugin | ChannelRegistration>("channel", wanted);
    if (direct) return unwrap(direct.value);
    return this.list().find(
      (plugin) =>
        plugin.id === wanted || plugin.meta?.aliases?.some((alias) => alias.toLowerCase() === wanted),
    );
  }

  accountIds(plugin: ChannelPlugin, cfg: ChannelConfig): string[] {
    return plugin.config.listAccountIds(cfg).map(normalizeAccountId);
  }

  defaultAccountId(plugin: ChannelPlugin, cfg: ChannelConfig): string {
    const own = asText(plugin.config.defaultAccountId?.(cfg));
    return normalizeAccountId(own ?? this.accountIds(plugin, cfg)[0] ?? DEFAULT_ACCOUNT_ID);
  }
}

function unwrap(value: ChannelPlugin | ChannelRegistration): ChannelPlugin {
  return "plugin" in value && !("config" in value)
    ? (value as ChannelRegistration).plugin
    : (value as ChannelPlugin);
}
