import { resolve } from "node:path";
import { callGateway, commandLineStateDir } from "sluice/plugin-sdk/gateway-call";
import type { RebuildReport, VerifyReport } from "./audit.ts";
import { DEFAULT_TENANT } from "./config.ts";
import { keyFileOf } from "./keys/key-files.ts";
import { checkPluginFolder, type PluginListing } from "./registry/registry.ts";
import type { SearchHit } from "./search/schema.ts";

/** The part of a commander command that is used here. */
interface Command {
  command(nameAndArguments: string): Command;
  description(text: string): Command;
  option(flags: string, description: string, fallback?: string): Command;
  // biome-ignore lint/suspicious/noExplicitAny: commander passes arguments by position
  action(run: (...args: any[]) => Promise<void>): Command;
}

interface Options {
  tenant: string;
  json?: boolean;
  folder?: string;
  from?: string;
  to?: string;
  limit?: string;
}

/** `sluice capture …`. Keys work without a gateway; everything that reads the ledger asks the running one. */
export function registerCaptureCommands({ program }: { program: Command }): void {
  const capture = program
    .command("capture")
    .description("Keys, plugins, search and checks of the capture vault");
  keyCommands(capture.command("keys").description("Keys of programs that post captured events"));
  pluginCommands(capture.command("plugins").description("Capture plugins"));

  withTenant(
    capture.command("verify").description("Compare the vault with the ledger, entry by entry"),
  ).action(async (options: Options) => {
    const report = await read<VerifyReport>("verify", { tenant: options.tenant });
    if (options.json) return print(report);
    write(
      `${report.present} of ${report.expected} entries in ${report.files} files, ${report.doubled} doubled`,
    );
    for (const { file, missing, doubled } of report.differences)
      write(`  ${file}: ${missing} missing, ${doubled} doubled`);
    if (report.pendingBatches > 0) write(`${report.pendingBatches} batches are still on their way`);
    if (!report.ok) process.exitCode = 1;
  });
  withTenant(
    capture
      .command("rebuild <folder>")
      .description("Write the vault anew into an empty folder, from kept text"),
  ).action(async (folder: string, options: Options) => {
    const params = { tenant: options.tenant, target: resolve(folder) };
    const report = await admin<RebuildReport>("rebuild", params);
    if (options.json) return print(report);
    write(`${report.entries} entries in ${report.files} files written to ${report.target}`);
    if (report.unavailable > 0)
      write(`${report.unavailable} entries had no kept text; turn on retention.keepText for the future`);
  });
  withTenant(capture.command("search <words...>").description("Full-text search over the vault"))
    .option("--folder <name>", "only this folder, for example Audio")
    .option("--from <day>", "first day, YYYY-MM-DD")
    .option("--to <day>", "last day, YYYY-MM-DD")
    .option("--limit <n>", "at most this many", "10")
    .action(async (words: string[], options: Options) => {
      const { tenant, folder, from, to, limit } = options;
      const { hits } = await read<{ hits: SearchHit[] }>("search", {
        tenant,
        query: words.join(" "),
        limit: Number(limit),
        ...(folder ? { folder } : {}),
        ...(from ? { from } : {}),
        ...(to ? { to } : {}),
      });
      if (options.json) return print(hits);
      for (const hit of hits)
        write(`${hit.path}#^${hit.block}  ${hit.at}  ${hit.title}\n    ${hit.snippet.replace(/\s+/g, " ")}`);
      if (hits.length === 0) write("nothing matches");
    });
  capture
    .command("status")
    .description("Tenants, sources and the last error")
    .option("--json", "as JSON")
    .action(async () => print(await read("status", {})));
  capture
    .command("recover")
    .description("Write what the ledger still owes the vault")
    .option("--json", "as JSON")
    .action(async () => print(await admin("recover", {})));
}

function keyCommands(keys: Command): void {
  withTenant(keys.command("create <name>").description("Make a key and show it once")).action(
    async (name: string, options: Options) => {
      const key = await (await stored()).create(name, options.tenant, Date.now());
      if (options.json) return print({ id: name, tenant: options.tenant, key });
      write(`${key}\nThis is the only time the key is shown. Send it as X-API-Key.`);
    },
  );
  keys
    .command("list")
    .description("Names and tenants of the keys")
    .option("--json", "as JSON")
    .action(async (options: Options) => {
      const list = (await (await stored()).read()).map(({ id, tenant, createdAt }) => ({
        id,
        tenant,
        created: new Date(createdAt).toISOString(),
      }));
      if (options.json) return print(list);
      for (const { id, tenant, created } of list) write(`${id}  ${tenant}  ${created}`);
      if (list.length === 0) write('no key yet; make one with "sluice capture keys create <name>"');
    });
  keys
    .command("rotate <name>")
    .description("Replace a key; the old one fails from the next request on")
    .option("--json", "as JSON")
    .action(async (name: string, options: Options) => {
      const key = await (await stored()).rotate(name, Date.now());
      if (options.json) return print({ id: name, key });
      write(`${key}\nThis is the only time the key is shown.`);
    });
  keys
    .command("revoke <name>")
    .description("Take a key back at once")
    .action(async (name: string) => {
      await (await stored()).revoke(name);
      write(`${name} is revoked`);
    });
}

function pluginCommands(plugins: Command): void {
  withTenant(plugins.command("list").description("Registered plugins and every program that posted")).action(
    async (options: Options) => {
      const listing = await read<PluginListing>("plugins.list", { tenant: options.tenant });
      if (options.json) return print(listing);
      for (const plugin of listing.plugins) {
        const state = plugin.state ?? "unlisted";
        const seen = plugin.last_seen ?? "never";
        write(
          `${plugin.id} ${plugin.version}  ${state}  ${plugin.sensitivity}  ${plugin.status}  last seen ${seen}`,
        );
      }
      for (const { dir, errors } of listing.invalid) write(`${dir}: not usable: ${errors.join("; ")}`);
    },
  );
  plugins
    .command("check <folder>")
    .description("Check a capture plugin's folder before publishing it")
    .action(async (folder: string) => {
      const { checkForPublishing } = await import("./registry/publishing.ts");
      const findings = await checkForPublishing(resolve(folder), checkPluginFolder);
      for (const { ok, text } of findings) write(`${ok ? "ok  " : "FAIL"} ${text}`);
      if (findings.some((finding) => !finding.ok)) process.exitCode = 1;
    });
}

function withTenant(command: Command): Command {
  return command.option("--tenant <id>", "whose vault", DEFAULT_TENANT).option("--json", "as JSON");
}

async function stored() {
  return keyFileOf(await commandLineStateDir());
}

function read<Result>(method: string, params: object): Promise<Result> {
  return callGateway<Result>(`capture.${method}`, params, { scopes: ["operator.read"] });
}

function admin<Result>(method: string, params: object): Promise<Result> {
  return callGateway<Result>(`capture.${method}`, params, { scopes: ["operator.admin"], timeoutMs: 600_000 });
}

function print(value: unknown): void {
  write(JSON.stringify(value, null, 2));
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
