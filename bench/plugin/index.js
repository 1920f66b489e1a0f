// Loaded through plugins.load.paths by the benchmarks; uses only what every plugin may use.
export default {
  id: "bench",
  name: "Bench",
  register(api) {
    api.registerGatewayMethod(
      "bench.keyed",
      async ({ params }) => {
        const store = api.runtime.state.openKeyedStore({
          namespace: "bench",
          maxEntries: params.entries,
          overflowPolicy: "evict-oldest",
        });
        for (let index = 0; index < params.entries; index++)
          await store.register(`key-${index}`, { text: "x".repeat(250), index });
        const results = [];
        for (let round = 0; round <= params.rounds; round++) {
          const started = performance.now();
          for (let index = 0; index < params.gets; index++)
            await store.lookup(`key-${index % params.entries}`);
          if (round > 0) results.push(((performance.now() - started) * 1_000) / params.gets);
        }
        return { results };
      },
      { scope: "operator.admin" },
    );
  },
};
