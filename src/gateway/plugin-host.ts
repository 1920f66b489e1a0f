import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { Logger } from "../kernel/logger.ts";
import { TypedHookRunner } from "../plugins/hooks/runner.ts";
import { PluginRegistry } from "../plugins/registry/registry.ts";
import type { HookRunner, PluginRecord, RegistryReader } from "../plugins/types.ts";

export interface PluginRoom extends Disposable {
  readonly registry: RegistryReader;
  readonly hooks: HookRunner;
  records(): readonly PluginRecord[];
  load(): Promise<void>;
}

export function createPluginRoom(parts: {
  clock: Clock;
  logger: Logger;
  coreMethods: ReadonlySet<string>;
}): PluginRoom {
  const logger = parts.logger.child("plugins");
  const registry = new PluginRegistry({ gatewayMethod: parts.coreMethods }, (error) =>
    logger.error("a registry listener failed", { error }),
  );
  return {
    registry,
    hooks: new TypedHookRunner(registry, parts.clock, logger),
    records: () => [],
    load: async () => {},
    dispose: async () => {},
  };
}
