import type { PluginHost } from "../../../src/plugins/host.ts";
import { KINDS } from "../../../src/plugins/registry/kinds.ts";

const MAX_DEPTH = 4;

/** A value as far as it can be compared with that of another instance. */
function digest(value: unknown, depth = 0): unknown {
  if (typeof value === "function") return "function";
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => digest(item, depth + 1));
  return Object.fromEntries(
    Object.keys(value).map((key) => [key, digest(Reflect.get(value, key), depth + 1)]),
  );
}

/** Error texts name modules by their URL, which differs from load to load. */
function withoutQueries<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll(/\?sluice-reload=\d+/g, "")) as T;
}

/** Everything a host shows of its plugins, in a form that two hosts can be compared by. */
export async function registryView(host: PluginHost) {
  const generation = host.registry.current();
  const rows = Object.fromEntries(
    KINDS.map(({ kind }) => [
      kind,
      generation.list(kind).map((entry) => {
        const owner = generation.get(entry.kind, entry.key);
        return { ...entry, value: digest(entry.value), owner: owner?.pluginId };
      }),
    ]).filter(([, list]) => (list as unknown[]).length > 0),
  );
  const snapshot = await host.snapshot();
  const prompt = await host.hooks.run<{ prependContext?: string }>("before_prompt_build", {}, {});
  const persisted = host.hooks.runSync<{ message?: string }>("tool_result_persist", { message: "" }, {});
  const replies = await host.hooks.announce({ type: "command", action: "new", sessionKey: "", context: {} });
  return withoutQueries({
    rows,
    own: host
      .records()
      .map(({ id }) => [id, generation.ofPlugin(id).map(({ kind, key }) => `${kind} ${key}`)]),
    records: host.records(),
    diagnostics: host.diagnostics(),
    order: snapshot.plugins.map(({ candidate, slot, memorySelected, contextEngineSelected }) => ({
      id: candidate.id,
      slot,
      memorySelected,
      contextEngineSelected,
    })),
    schemas: await host.configSchemas(),
    hooks: { prompt, persisted, replies },
  });
}

/**
 * What `plugins inspect` says of each plugin. One that is only looked at is not read anew for every look: how
 * often it was is left out.
 */
export async function inspections(host: PluginHost) {
  const found = [];
  for (const { id } of host.records()) found.push(await host.inspect(id));
  return JSON.parse(
    JSON.stringify(withoutQueries(found)).replaceAll(/-(one|two|slow)-\d+"/g, '-$1"'),
  ) as unknown;
}
