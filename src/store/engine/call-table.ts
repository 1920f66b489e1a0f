/** Makes `{ group: { name(input) } }` out of one function of `group.name`, without knowing the names. */
export function callTable<Table>(invoke: (procedure: string, input: unknown) => unknown): Table {
  return lazyRecord((group) =>
    lazyRecord((name) => {
      const procedure = `${group}.${name}`;
      return (input: unknown) => invoke(procedure, input);
    }),
  ) as Table;
}

/** A record whose values are made on first use and kept. `then` is absent, so that awaiting it is harmless. */
function lazyRecord(make: (key: string) => unknown): unknown {
  const made: Record<string, unknown> = Object.create(null);
  return new Proxy(made, {
    get(target, key) {
      if (typeof key !== "string" || key === "then" || key === "toJSON") return undefined;
      target[key] ??= make(key);
      return target[key];
    },
    set: () => false,
  });
}
