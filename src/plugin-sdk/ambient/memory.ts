import { currentHost } from "./host.ts";

const WITHOUT_HOST = Symbol.for("sluice.plugin-sdk.memory");

/**
 * What a function of the SDK remembers between calls. It belongs to the running gateway, is shared by every
 * copy of the SDK that plugins load, and goes when the gateway goes. A process without a gateway (a command,
 * a test) has one memory of its own.
 */
export function hostMemory<T>(name: string, create: () => T): T {
  const memory = currentHost()?.memory ?? processMemory();
  const known = memory.get(name) as T | undefined;
  if (known !== undefined) return known;
  const made = create();
  memory.set(name, made);
  return made;
}

function processMemory(): Map<string, unknown> {
  const slots = globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>;
  slots[WITHOUT_HOST] ??= new Map();
  return slots[WITHOUT_HOST];
}
