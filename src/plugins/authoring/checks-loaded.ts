import { realpath } from "node:fs/promises";
import type { PluginRegistrationMode } from "../../contracts/plugin-api.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { kindRow } from "../registry/kinds.ts";
import type { RegistryGeneration } from "../types.ts";
import type { ContractBench } from "./bench.ts";
import type { ContractCheck } from "./check.ts";
import { OpenResources } from "./open-resources.ts";

const OTHER_MODES: readonly PluginRegistrationMode[] = [
  "discovery",
  "tool-discovery",
  "setup-runtime",
  "cli-metadata",
];
/** Processor time one loading may take before the author hears about it. */
export const SLOW_REGISTRATION_MS = 250;
/** What must hold of the running plugin. */
export const LOADED_CHECKS: readonly ContractCheck[] = [
  {
    name: "register",
    statement: "register(api) is synchronous, quick, and everything it registers is accepted",
    run: async (bench) => {
      const failures: string[] = [];
      const warnings: string[] = [];
      for (const id of bench.ids) {
        try {
          const diagnostics = await bench.inMode(id, "full", ({ draft }) => draft.diagnostics);
          for (const { level, message } of diagnostics) {
            if (level === "error") failures.push(message);
            else if (level === "warn") warnings.push(message);
          }
          const took = await cpuMsOf(() => bench.inMode(id, "full", () => {}));
          if (took > SLOW_REGISTRATION_MS) {
            warnings.push(`"${id}" takes ${Math.round(took)} ms of the processor to load and register`);
          }
        } catch (error) {
          failures.push(errorMessage(error));
        }
      }
      return { failures, warnings: [...warnings, ...bench.changes] };
    },
  },
  {
    name: "declared",
    statement: "what the manifest declares is what is registered",
    needsLoading: true,
    run: (bench) =>
      withRunning(bench, async ({ generation }) => ({
        warnings: bench.candidates.flatMap((candidate) => undeclared(candidate, generation)),
      })),
  },
  {
    name: "modes",
    statement: "every registration mode works and brings only what belongs to it",
    needsLoading: true,
    run: async (bench) => {
      const failures: string[] = [];
      for (const id of bench.ids)
        for (const mode of OTHER_MODES) {
          try {
            const kinds = await bench.inMode(id, mode, ({ draft }) => draft.items.map(({ row }) => row.kind));
            if (mode === "cli-metadata") {
              const foreign = kinds.filter((kind) => kind !== "cli" && kind !== "nodeCliFeature");
              if (foreign.length > 0) failures.push(`cli-metadata: "${id}" registered ${foreign.join(", ")}`);
            }
          } catch (error) {
            failures.push(`${mode}: ${errorMessage(error)}`);
          }
        }
      return { failures };
    },
  },
  {
    name: "taken names",
    statement: "names that belong to somebody else are refused and the rest of the plugin still loads",
    needsLoading: true,
    run: async (bench) => {
      const taken = await withRunning(bench, async ({ generation }) => namesOf(bench, generation));
      if (Object.keys(taken).length === 0) return { skipped: "it registers no name that another could own" };
      return withRunning(
        bench,
        async ({ generation, broken }) => {
          const kept = Object.entries(taken).flatMap(([kind, names]) =>
            [...names]
              .filter((name) => generation.get(kind, name))
              .map((name) => `${kind} "${name}" was taken over`),
          );
          return { failures: [...broken, ...kept] };
        },
        taken,
      );
    },
  },
  {
    name: "reload",
    statement: "loading it again gives the same registry and disturbs nobody",
    needsLoading: true,
    run: (bench) =>
      withRunning(bench, async ({ host, generation, broken }) => {
        const before = contentsOf(bench, generation);
        for (const id of bench.ids) await host.reload(id);
        const after = contentsOf(bench, host.registry.current());
        return { failures: [...broken, ...(before === after ? [] : [`before: ${before}; after: ${after}`])] };
      }),
  },
  {
    name: "unload",
    statement: "switching it off leaves no registration, timer, socket, listener or process behind",
    needsLoading: true,
    run: async (bench) => {
      const before = processListeners();
      const resources = new OpenResources(await realpath(bench.options.folder));
      try {
        const failures = await switchedOff(bench);
        // What was closed a moment ago is still counted until the loop has turned.
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        return { failures: [...failures, ...resources.left(), ...grown(before, processListeners())] };
      } finally {
        resources.dispose();
      }
    },
  },
  {
    name: "SDK names",
    statement: "every SDK name it imports is provided by this host",
    needsLoading: true,
    run: (bench) =>
      withRunning(bench, async ({ host }) => {
        const missing: string[] = [];
        for (const id of bench.ids) missing.push(...((await host.inspect(id))?.missingSdkNames ?? []));
        return { warnings: missing.map((name) => `${name} can be imported, but using it fails`) };
      }),
  },
  {
    name: "compatibility",
    statement: "it uses nothing that is on its way out",
    needsLoading: true,
    run: (bench) =>
      withRunning(bench, async ({ host }) => {
        const notices: string[] = [];
        for (const id of bench.ids) {
          const { compatibility } = (await host.inspect(id)) ?? {};
          notices.push(
            ...(compatibility?.notices ?? []).flatMap(({ severity, message }) =>
              severity === "info" ? [] : [message],
            ),
          );
        }
        return { warnings: notices };
      }),
  },
];

/** Processor time, which other programs on the machine do not change. */
async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

interface Running {
  readonly host: ReturnType<ContractBench["host"]>["host"];
  readonly generation: RegistryGeneration;
  /** Why plugins of the folder do not run. */
  readonly broken: readonly string[];
}

async function withRunning<T>(
  bench: ContractBench,
  work: (running: Running) => Promise<T>,
  core: Parameters<ContractBench["running"]>[0] = {},
): Promise<T> {
  const { host } = await bench.running(core);
  try {
    const broken = host
      .records()
      .filter(({ status }) => status === "error")
      .map(({ id, error }) => `"${id}": ${error}`);
    return await work({ host, generation: host.registry.current(), broken });
  } finally {
    await host.dispose();
  }
}

/** Manifest claims nobody registered; an operator would wait for them in vain. */
function undeclared(
  { id, manifest }: ContractBench["candidates"][number],
  generation: RegistryGeneration,
): string[] {
  const declared: readonly (readonly [string, string, readonly string[]])[] = [
    ["channel", "channels", manifest?.channels ?? []],
    ["provider", "providers", manifest?.providers ?? []],
    ["tool", "contracts.tools", manifest?.contracts["tools"] ?? []],
    ["speechProvider", "contracts.speechProviders", manifest?.contracts["speechProviders"] ?? []],
    ["webSearchProvider", "contracts.webSearchProviders", manifest?.contracts["webSearchProviders"] ?? []],
    ["webFetchProvider", "contracts.webFetchProviders", manifest?.contracts["webFetchProviders"] ?? []],
    ["embeddingProvider", "contracts.embeddingProviders", manifest?.contracts["embeddingProviders"] ?? []],
  ];
  const own = generation.ofPlugin(id);
  return declared.flatMap(([kind, field, names]) =>
    names
      .filter(
        (name) => !own.some((entry) => entry.kind === kind && entry.key.toLowerCase() === name.toLowerCase()),
      )
      .map((name) => `the manifest's ${field} names "${name}", which is not registered`),
  );
}

/** The names a plugin holds of kinds where a name has one owner. */
function namesOf(bench: ContractBench, generation: RegistryGeneration): Record<string, ReadonlySet<string>> {
  const names: Record<string, Set<string>> = {};
  for (const id of bench.ids)
    for (const { kind, key } of generation.ofPlugin(id)) {
      if (kindRow(kind).scope !== "global") continue;
      names[kind] ??= new Set();
      names[kind].add(key);
    }
  return names;
}

function contentsOf(bench: ContractBench, generation: RegistryGeneration): string {
  return bench.ids
    .flatMap((id) => generation.ofPlugin(id).map(({ kind, key }) => `${kind} ${key}`))
    .join(", ");
}

/** Runs the plugins and switches them off: what is wrong with the host afterwards. */
async function switchedOff(bench: ContractBench): Promise<readonly string[]> {
  const { host, setEnabled } = await bench.running();
  try {
    await host.startServices();
    await setEnabled(false);
    const left = contentsOf(bench, host.registry.current());
    const unclean = host
      .records()
      .flatMap(({ diagnostics }) => diagnostics)
      .filter(({ code }) => code === "cleanup-failed")
      .map(({ message }) => message);
    return left === "" ? unclean : [`still registered: ${left}`, ...unclean];
  } finally {
    await host.dispose();
  }
}

/** How many listen to each event of the process. */
function processListeners(): ReadonlyMap<string, number> {
  return new Map(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
}

function grown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(
      ([name, count]) => `${count - (before.get(name) ?? 0)} more listener of process "${name}" than before`,
    );
}
