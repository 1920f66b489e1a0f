// One published plugin in one real gateway, through the commands a user has.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import JSON5 from "json5";
import { GatewayClient } from "../crash-loop/gateway-client.mjs";
import { freePort, stopProcess } from "../support/irc-server.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const TOKEN = "published-packages-token-0123456789";
const START_LIMIT_MS = 30_000;
const COMMAND_LIMIT_MS = 240_000;
/** How long a plugin's sockets and threads may linger after it was disabled. */
const SETTLE_LIMIT_MS = 8_000;
/** How long an enabled plugin gets to open what it opens. */
const WARM_UP_MS = 2_500;
const LACKING = /is not provided by this host|of undefined \(reading|is not a function/;

/** A state folder with a gateway and the command line that belongs to it. */
export class Installation {
  #node;
  #stateDir;
  #port = 0;
  #gateway;
  #output = "";

  constructor({ node, stateDir }) {
    this.#node = node;
    this.#stateDir = stateDir;
  }

  async start() {
    this.#port = await freePort();
    this.#gateway = spawn(this.#node, [join(root, "bin/sluice.cjs"), "gateway", "run"], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const gateway = this.#gateway;
    for (const stream of [gateway.stdout, gateway.stderr])
      stream.on("data", (text) => (this.#output += text));
    const end = Date.now() + START_LIMIT_MS;
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (gateway.exitCode !== null || gateway.signalCode !== null || Date.now() > end) {
        throw new Error(`the gateway did not start:\n${this.#output.slice(-2_000)}`);
      }
      await pause(50);
    }
  }

  /** Resolves with how it ended: an exit code, or the name of a signal. */
  async stop() {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    if (!gateway) return undefined;
    if (gateway.exitCode === null) await stopProcess(gateway);
    return gateway.exitCode ?? gateway.signalCode;
  }

  /** Runs a command; gives its JSON. @throws with what it printed when it fails */
  async command(...args) {
    const child = spawn(this.#node, [join(root, "bin/sluice.cjs"), ...args, "--json"], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_LIMIT_MS,
    });
    let out = "";
    let problems = "";
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (problems += text));
    const status = await new Promise((done) => child.once("close", done));
    if (status !== 0)
      throw new Error(`sluice ${args.join(" ")} (${status}): ${(out || problems).slice(0, 600)}`);
    return JSON.parse(out);
  }

  /** What a plugin can leave behind, from outside. */
  async traces() {
    const client = await GatewayClient.open(this.#port, TOKEN);
    try {
      return {
        methods: client.hello.features.methods.toSorted?.() ?? [...client.hello.features.methods].sort(),
        channels: Object.keys((await client.call("channels.status", {})).channels ?? {}).sort(),
        ...processTraces(this.#gateway.pid, this.#port),
      };
    } finally {
      client.close();
    }
  }

  /** Errors of running accounts that tell of something this host lacks, rather than of a platform out of reach. */
  async lacking() {
    const client = await GatewayClient.open(this.#port, TOKEN);
    try {
      const { channelAccounts = {} } = await client.call("channels.status", {});
      const errors = Object.entries(channelAccounts).flatMap(([channel, accounts]) =>
        accounts.map(({ accountId, lastError }) => `${channel}/${accountId}: ${lastError ?? ""}`),
      );
      return errors.filter((text) => LACKING.test(text));
    } finally {
      client.close();
    }
  }

  /** Whether a plugin answers at a path; the gateway's own 404 says no. */
  async serves(path) {
    const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    return answer.status !== 404;
  }

  /** Folders of packages and records that name the plugin. */
  leftovers(id) {
    const packages = join(this.#stateDir, "plugins", "packages");
    const folders = existsSync(packages) ? readdirSync(packages).filter((name) => name.startsWith(id)) : [];
    const book = readFileSync(join(this.#stateDir, "plugins", "installs.json"), "utf8");
    const records = Object.values(JSON.parse(book).records).filter(({ pluginIds }) => pluginIds.includes(id));
    const staged = readdirSync(join(this.#stateDir, "plugins", "staging")).length;
    const { plugins } = JSON5.parse(readFileSync(join(this.#stateDir, "sluice.json"), "utf8"));
    // The mark of a plugin that was uninstalled stays.
    const { enabled, ...settings } = plugins?.entries?.[id] ?? { enabled: false };
    const entry = enabled !== false || Object.keys(settings).length > 0;
    const slot = Object.values(plugins?.slots ?? {}).includes(id);
    return [
      ...folders,
      ...records.map(() => "record"),
      ...(staged ? ["staging"] : []),
      ...(entry ? ["settings"] : []),
      ...(slot ? ["slot"] : []),
    ];
  }

  #environment() {
    const own = Object.entries(process.env).filter(([name]) => !/^(SLUICE|OPENCLAW)_/.test(name));
    return {
      ...Object.fromEntries(own),
      SLUICE_STATE_DIR: this.#stateDir,
      SLUICE_GATEWAY_PORT: String(this.#port || 1),
      SLUICE_GATEWAY_TOKEN: TOKEN,
      MEM0_TELEMETRY: "false",
    };
  }
}

/** Listening ports beside the gateway's own, and child processes; only where there is a /proc. */
function processTraces(pid, ownPort) {
  if (!existsSync(`/proc/${pid}/fd`)) return {};
  const inodes = new Set();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode) inodes.add(inode);
    } catch {
      // Closed meanwhile.
    }
  }
  const listening = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === "0A" && inodes.has(inode))
      .map(([, address]) => Number.parseInt(address.split(":")[1], 16)),
  );
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean);
  return { listening: listening.filter((port) => port !== ownPort).sort(), children: children.length };
}

/**
 * Installs one package, sees it run, turns it off, removes it. Gives a row of figures and what was wrong.
 * With `installed` the state folder has the package already; `notes` hears the whole report of the plugin.
 */
export async function trial(
  installation,
  { id: named, spec, settings = {}, shape, contributions, listens },
  installed,
  notes,
) {
  const problems = [];
  const wrong = (condition, text) => {
    if (condition) problems.push(text);
  };
  const row = { id: named };
  let id = named;
  try {
    await installation.start();
    if (installed) await installation.command("plugins", "disable", id);
    const baseline = await installation.traces();
    if (!installed) {
      const startedAt = Date.now();
      const { pluginId } = await installation.command("plugins", "install", spec, "--yes");
      row.installMs = Date.now() - startedAt;
      // Whoever names no id learns it here.
      id ??= pluginId;
      row.id = id;
    } else await installation.command("plugins", "enable", id);
    const port = await freePort();
    for (const [path, value] of Object.entries(settings)) {
      await installation.command(
        "config",
        "set",
        path,
        JSON.stringify(value).replace('"PORT"', String(port)),
      );
    }
    await pause(WARM_UP_MS);
    let on = await installation.command("plugins", "inspect", id);
    // A content pack has no code that could run.
    const pack = on.plugin.format === "bundle";
    row.waits = !pack && on.status === "loaded" && !on.plugin.imported;
    if (row.waits) {
      // It would load on its first use.
      await installation.command("plugins", "reload", id);
      on = await installation.command("plugins", "inspect", id);
    }
    Object.assign(row, {
      status: on.status,
      shape: on.shape,
      contributions: Object.entries(on.contributions)
        .map(([kind, keys]) => `${kind} ${keys.length > 3 ? keys.length : keys.join(" ")}`)
        .join(", "),
      missing: on.missingSdkNames.length,
      ...(pack ? { pack: `${on.bundle.format}: ${on.bundle.capabilities.join(" ")}` } : {}),
    });
    notes?.({ spec, ...on });
    wrong(on.status !== "loaded", `is ${on.status}: ${on.plugin.error ?? on.plugin.reason}`);
    wrong(!pack && !on.plugin.imported, `does not run: ${on.plugin.reason}`);
    wrong(shape && on.shape !== shape, `has shape ${on.shape}, not ${shape}`);
    for (const [kind, keys] of Object.entries(contributions ?? {})) {
      wrong(
        keys.some((key) => !on.contributions[kind]?.includes(key)),
        `contributes no ${kind} ${keys.join(" ")}`,
      );
    }
    for (const { level, code, message } of on.diagnostics) wrong(level === "error", `${code}: ${message}`);
    for (const error of await installation.lacking()) wrong(true, error);
    const running = await installation.traces();
    row.listening = (running.listening?.length ?? 0) - (baseline.listening?.length ?? 0);
    wrong(listens && row.listening < 1, "listens nowhere");
    const paths = (on.contributions.httpRoute ?? []).map((key) => key.split(" ")[1]);

    await installation.command("plugins", "disable", id);
    const off = await installation.command("plugins", "inspect", id);
    row.disabled = off.status;
    wrong(off.status !== "disabled", `is ${off.status} after it was disabled`);
    wrong(
      Object.keys(off.contributions).length > 0,
      `still contributes ${Object.keys(off.contributions).join(" ")}`,
    );
    for (const { code, message } of off.diagnostics) {
      wrong(/drain|cleanup|uncaught|service-failed/.test(code), `${code}: ${message}`);
    }
    const left = await settled(installation, baseline);
    wrong(left.length > 0, `leaves ${left.join(", ")}`);
    for (const path of paths) wrong(await installation.serves(path), `still serves ${path}`);

    await installation.command("plugins", "uninstall", id);
    const remains = installation.leftovers(id);
    row.removed = remains.length === 0;
    wrong(remains.length > 0, `uninstalling leaves ${remains.join(", ")}`);
    wrong(
      (await installation.command("plugins", "list")).plugins?.some(
        (plugin) => plugin.id === id && plugin.origin !== "bundled",
      ),
      "is still listed",
    );
  } catch (error) {
    problems.push(error.message);
  } finally {
    row.exit = await installation.stop();
    wrong(row.exit !== 0, `the gateway ended with ${row.exit}`);
  }
  return { ...row, problems };
}

/** What differs from before the plugin came, once it had time to go. */
async function settled(installation, baseline) {
  const end = Date.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const traces = await installation.traces();
    const left = Object.keys(baseline).filter(
      (key) => JSON.stringify(traces[key]) !== JSON.stringify(baseline[key]),
    );
    if (left.length === 0 || Date.now() > end) {
      return left.map((key) => `${key} ${difference(baseline[key], traces[key])}`);
    }
    await pause(250);
  }
}

function difference(before, after) {
  if (!Array.isArray(before)) return `${JSON.stringify(after)} (before: ${JSON.stringify(before)})`;
  const added = after.filter((one) => !before.includes(one)).map((one) => `+${one}`);
  const gone = before.filter((one) => !after.includes(one)).map((one) => `-${one}`);
  return [...added, ...gone].join(" ");
}
