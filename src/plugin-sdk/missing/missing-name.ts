import { SluiceError } from "../../kernel/errors.ts";

/**
 * Stands in for an SDK name that this host does not provide. A plugin that only imports, re-exports, compares
 * or spreads it works on; calling it, constructing it or reading a property of it throws `SDK_NAME_MISSING`
 * with the subpath and the name (spec 2.11.4). `class X extends name` links too; `new X()` throws.
 */
export function missingName(subpath: string, name: string): unknown {
  const refuse = (): never => {
    const specifier = subpath === "index" ? "openclaw/plugin-sdk" : `openclaw/plugin-sdk/${subpath}`;
    throw new SluiceError(
      "SDK_NAME_MISSING",
      `"${name}" of "${specifier}" is not provided by this host. \`sluice plugins inspect <id>\` lists what the plugin misses; update the plugin or Sluice.`,
      { details: { subpath, name, specifier } },
    );
  };
  const target = class {} as unknown as Record<PropertyKey, unknown>;
  const prototype = target["prototype"];
  return new Proxy(target as unknown as () => void, {
    apply: refuse,
    construct: refuse,
    set: refuse,
    defineProperty: refuse,
    get(_target, key) {
      // Read by `extends`, `instanceof`, spreading, `await` and string conversion; none of them is a use.
      if (key === "prototype") return prototype;
      if (key === Symbol.toStringTag) return "MissingSdkName";
      if (key === Symbol.toPrimitive) return () => `[missing ${subpath}#${name}]`;
      if (key === Symbol.iterator || key === Symbol.asyncIterator) return refuse();
      if (typeof key === "symbol" || key === "then") return undefined;
      return refuse();
    },
    has: () => false,
    ownKeys: () => ["prototype"],
    getOwnPropertyDescriptor: (_target, key) =>
      key === "prototype" ? Reflect.getOwnPropertyDescriptor(target, "prototype") : undefined,
  });
}
