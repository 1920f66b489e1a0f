import type { Command } from "commander";
import type { SearchResult } from "../../plugins/install/index.ts";
import { type CliEnvironment, CommandContext } from "../context.ts";
import { cliError } from "../errors.ts";
import { table } from "../output/table.ts";
import { fromGatewayOr } from "./plugins-source.ts";

interface SearchOptions {
  limit?: string;
  official?: boolean;
}

/** A plugin that is there, and the package it came in. */
interface Present {
  id: string;
  packageName?: string;
  status?: string;
  origin?: string;
}

/** A package of the registry and what this host has of it. */
interface Offer {
  name: string;
  version?: string;
  official: boolean;
  summary?: string;
  state: "not-installed" | "enabled" | "disabled" | "error";
  pluginId?: string;
}

const STATES: Readonly<Record<string, Offer["state"]>> = {
  loaded: "enabled",
  disabled: "disabled",
  error: "error",
};
/** What every plugin of the ecosystem answers to. */
const EVERYTHING = "openclaw";
const MAX_RESULTS = 100;

/** `plugins search | marketplace | registry`. */
export function registerPluginMarket(plugins: Command, environment: CliEnvironment): void {
  plugins
    .command("search <words...>")
    .description("search the npm registry for plugins")
    .option("--limit <count>", "most packages to show; default 20")
    .addHelpText(
      "after",
      "\nThe registry is the one npm is set to (npm config get registry).\n\nExample:\n  $ sluice plugins search brave\n",
    )
    .action(async (words: string[], options: SearchOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      const results = await search(context, words.join(" "), limitOf(options));
      context.output.result({ results }, ({ results: found }, width) =>
        table(
          ["PACKAGE", "VERSION", "BY", "SUMMARY"],
          found.map(({ package: { name, latestVersion, channel, summary } }) => [
            name,
            latestVersion,
            channel,
            summary,
          ]),
          "No plugin was found.",
          width,
        ),
      );
    });

  plugins
    .command("marketplace [words...]")
    .description("show what can be installed, and what of it is here")
    .option("--official", "only plugins of the ecosystem's own scope")
    .option("--limit <count>", "most packages to show; default 20")
    .addHelpText("after", "\nExample:\n  $ sluice plugins marketplace --official\n")
    .action(async (words: string[], options: SearchOptions, command: Command) => {
      const context = new CommandContext(environment, command);
      const query = words.length === 0 ? EVERYTHING : words.join(" ");
      const [results, here] = [await search(context, query, limitOf(options)), await present(context)];
      const offers = results
        .map((result) => offerOf(result, here))
        .filter(({ official }) => official || !options.official);
      context.output.result({ offers }, ({ offers: rows }, width) =>
        table(
          ["PACKAGE", "VERSION", "HERE", "SUMMARY"],
          rows.map(({ name, version, state, summary }) => [name, version, state, summary]),
          "No plugin was found.",
          width,
        ),
      );
    });

  plugins
    .command("registry")
    .description("show where every known plugin lies and which generation of the registry serves")
    .option("--refresh", "look at the plugin folders again first")
    .addHelpText("after", "\nExample:\n  $ sluice plugins registry --refresh --json\n")
    .action(async (options: { refresh?: boolean }, command: Command) => {
      const context = new CommandContext(environment, command);
      const registry = await readRegistry(context, options.refresh ?? false);
      context.output.result(registry, ({ generation, plugins: rows }, width) =>
        [
          generation === null
            ? "No gateway runs; this is what a start would find."
            : `generation ${generation}`,
          table(
            ["ID", "VERSION", "ORIGIN", "STATE", "SOURCE"],
            rows.map(({ id, version, origin, status, source }) => [id, version, origin, status, source]),
            "No plugins were found.",
            width,
          ),
        ].join("\n"),
      );
    });
}

function limitOf({ limit }: SearchOptions): number | undefined {
  if (limit === undefined) return undefined;
  const count = Number(limit);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_RESULTS) return count;
  throw cliError("USAGE", `--limit expects a number from 1 to ${MAX_RESULTS}`);
}

function search(
  context: CommandContext,
  query: string,
  limit: number | undefined,
): Promise<readonly SearchResult[]> {
  const params = { query, ...(limit === undefined ? {} : { limit }) };
  return fromGatewayOr(
    context,
    async () =>
      (await context.call<{ results: SearchResult[] }>("plugins.search", params, "operator.read")).results,
    async () => {
      const { NpmClient, PluginSearch } = await import("../../plugins/install/index.ts");
      const { env, clock } = context.environment;
      const npm = new NpmClient({ env, clock });
      return context.output.progress("npm search", new PluginSearch(npm).search(query, limit));
    },
  );
}

function present(context: CommandContext): Promise<readonly Present[]> {
  return fromGatewayOr(
    context,
    async () => (await context.call<{ plugins: Present[] }>("plugins.list", {}, "operator.read")).plugins,
    async (host, book) => {
      await host.snapshot();
      return host.records().map(({ id, status }) => {
        const packageName = book.find(id)?.packageName;
        return { id, status, ...(packageName === undefined ? {} : { packageName }) };
      });
    },
  );
}

function offerOf({ package: offered }: SearchResult, here: readonly Present[]): Offer {
  const installed = here.find(({ packageName }) => packageName === offered.name);
  return {
    name: offered.name,
    ...(offered.latestVersion === undefined ? {} : { version: offered.latestVersion }),
    official: offered.isOfficial,
    ...(offered.summary === undefined ? {} : { summary: offered.summary }),
    state: installed ? (STATES[installed.status ?? ""] ?? "disabled") : "not-installed",
    ...(installed ? { pluginId: installed.id } : {}),
  };
}

interface RegistryRow {
  id: string;
  version?: string;
  origin: string;
  status: string;
  source?: string;
}

interface RegistryView {
  /** Null without a running gateway. */
  generation: number | null;
  plugins: readonly RegistryRow[];
  diagnostics: readonly unknown[];
}

function readRegistry(context: CommandContext, refresh: boolean): Promise<RegistryView> {
  return fromGatewayOr<RegistryView>(
    context,
    async () => {
      return context.withGateway([refresh ? "operator.admin" : "operator.read"], async (client) => {
        if (refresh) await context.progressCall(client, "plugins.refresh", {});
        const listed = await context.progressCall<RegistryView & { generation: number }>(
          client,
          "plugins.list",
          {},
        );
        const rows: RegistryRow[] = [];
        for (const row of listed.plugins) {
          const { plugin } = await context.progressCall<{ plugin: { source?: string } }>(
            client,
            "plugins.inspect",
            { pluginId: row.id },
          );
          rows.push({ ...row, ...(plugin.source === undefined ? {} : { source: plugin.source }) });
        }
        return { ...listed, plugins: rows };
      });
    },
    async (host) => {
      await host.snapshot();
      return { generation: null, plugins: host.records(), diagnostics: host.diagnostics() };
    },
  );
}
