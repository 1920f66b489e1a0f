import { readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { sluice } from "../support/sluice-command.ts";
import { freePort, type SpawnedGateway, spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe("the command line without a gateway", () => {
  it("prints its version", async () => {
    const { version } = json(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const result = await sluice(["--version"], { stateDir: await temporaryFolder() });
    expect(result).toMatchObject({ status: EXIT.OK, stdout: `${version}\n`, stderr: "" });
  });

  it("prints help that names every command and exit code", async () => {
    const { status, stdout } = await sluice(["--help"], { stateDir: await temporaryFolder() });
    expect(status).toBe(EXIT.OK);
    for (const command of [
      "gateway",
      "status",
      "agent",
      "sessions",
      "deliveries",
      "plugins",
      "config",
      "doctor",
      "logs",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    for (const code of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`[ :]${code} \\w`));
    expect(await sluice(["help", "agent"], { stateDir: await temporaryFolder() })).toMatchObject({
      status: EXIT.OK,
      stdout: expect.stringContaining("Examples:"),
    });
  });

  it.each([
    [["nonsense"]],
    [["gateway", "call"]],
    [["agent"]],
    [["gateway", "call", "health", "--params", "[1]"]],
    [["gateway", "call", "health", "--params", "{"]],
    [["gateway", "status", "--port", "70000"]],
    [["gateway", "status", "--url", "http://127.0.0.1"]],
    [["gateway", "status", "--timeout", "soon"]],
    [["config", "get", "a..b"]],
  ])("answers 2 to %j", async (args) => {
    const { status, stdout } = await sluice(args, { stateDir: await temporaryFolder() });
    expect(status).toBe(EXIT.USAGE);
    expect(stdout).toBe("");
  });

  it("answers 3 when nothing listens, and says what to do", async () => {
    const stateDir = await temporaryFolder();
    const port = String(await freePort());
    const plain = await sluice(["gateway", "status", "--port", port], { stateDir });
    expect(plain).toMatchObject({ status: EXIT.UNREACHABLE, stdout: "" });
    expect(plain.stderr).toContain("sluice gateway run");
    const machine = await sluice(["gateway", "call", "health", "--port", port, "--json"], { stateDir });
    expect(machine.status).toBe(EXIT.UNREACHABLE);
    expect(json(machine.stdout)).toMatchObject({ error: { code: "GATEWAY_UNREACHABLE" } });
  });

  it("answers 5 when something listens and does not speak", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const started = Date.now();
    const { status } = await sluice(["gateway", "status", "--port", String(port), "--timeout", "1"], {
      stateDir: await temporaryFolder(),
    });
    expect(status).toBe(EXIT.TIMED_OUT);
    expect(Date.now() - started).toBeLessThan(8_000);
  });

  it("checks the installation and names repairs", async () => {
    const stateDir = join(await temporaryFolder(), "state");
    await mkdir(stateDir, { mode: 0o755 });
    const port = String(await freePort());
    const broken = await sluice(["doctor", "--port", port, "--json"], { stateDir });
    expect(broken.status).toBe(EXIT.FAILED);
    const { checks } = json(broken.stdout) as unknown as {
      checks: { name: string; level: string; repair?: string }[];
    };
    expect(checks.find((check) => check.name === "database")).toMatchObject({ level: "ok" });
    expect(checks.find((check) => check.name === "state folder")).toMatchObject({
      level: "error",
      repair: `chmod 700 "${stateDir}"`,
    });
  });

  it("validates a configuration file and points at what is wrong", async () => {
    const stateDir = await temporaryFolder();
    const good = join(stateDir, "good.json");
    await writeFile(good, "{ gateway: { port: 18900 } } // fine");
    expect(await sluice(["config", "validate", good], { stateDir })).toMatchObject({ status: EXIT.OK });
    const bad = join(stateDir, "bad.json");
    await writeFile(bad, "{ gateway: { port: 'no' } }");
    const { status, stdout } = await sluice(["config", "validate", bad], { stateDir });
    expect(status).toBe(EXIT.FAILED);
    expect(stdout).toContain("gateway.port");
    // Plugins and channels are judged by manifests, without running anything.
    const plugin = join(stateDir, "chat");
    await mkdir(plugin);
    await writeFile(join(plugin, "index.mjs"), "throw new Error('must not run');");
    const schema = { type: "object", properties: { server: { type: "string" } } };
    const manifest = {
      id: "chat",
      channels: ["chat"],
      channelConfigs: { chat: { schema } },
      configSchema: schema,
    };
    await writeFile(join(plugin, "openclaw.plugin.json"), JSON.stringify(manifest));
    const settings = { channels: { chat: { server: 7 }, ghost: {} }, plugins: { load: { paths: [plugin] } } };
    const channels = join(stateDir, "channels.json");
    await writeFile(channels, JSON.stringify(settings));
    const judged = await sluice(["config", "validate", channels], { stateDir });
    expect(judged.status).toBe(EXIT.FAILED);
    expect(judged.stdout).toContain("channels.chat.server: must be string");
    expect(judged.stdout).toContain("channels.ghost: unknown channel");
  });
});

describe("the command line and a running gateway", () => {
  let gateway: SpawnedGateway;
  const run = (...args: string[]) =>
    sluice([...args, "--port", String(gateway.port)], {
      stateDir: gateway.stateDir,
      env: { SLUICE_GATEWAY_TOKEN: gateway.token },
    });

  beforeAll(async () => {
    gateway = await spawnGateway();
  });
  afterAll(() => gateway?.dispose());

  it("calls a method", async () => {
    const { status, stdout, stderr } = await run("gateway", "call", "health", "--json");
    expect({ status, stderr }).toEqual({ status: EXIT.OK, stderr: "" });
    expect(json(stdout)).toMatchObject({ ok: true });
  });

  it("shows the gateway's errors with its code", async () => {
    const { status, stdout } = await run("gateway", "call", "no.such.method", "--json");
    expect(status).toBe(EXIT.FAILED);
    expect(json(stdout)).toMatchObject({ error: { code: "INVALID_REQUEST" } });
  });

  it("answers 4 when the token is wrong", async () => {
    const { status, stdout } = await sluice(
      ["gateway", "call", "health", "--json", "--port", String(gateway.port), "--token", "wrong"],
      { stateDir: gateway.stateDir },
    );
    expect(status).toBe(EXIT.REFUSED);
    expect(json(stdout)).toMatchObject({
      error: { code: "GATEWAY_REFUSED", details: { code: "AUTH_TOKEN_MISMATCH" } },
    });
  });

  it("has the agent answer, and shows the session afterwards", async () => {
    const { status, stdout } = await run("agent", "--message", "good morning", "--json");
    expect(status).toBe(EXIT.OK);
    const answer = json(stdout) as { status: string; result: { payloads: { text: string }[] } };
    expect(answer.status).toBe("ok");
    expect(answer.result.payloads[0]?.text).toContain("good morning");
    const sessions = json((await run("sessions", "--json")).stdout) as { sessions: { key: string }[] };
    expect(sessions.sessions.map(({ key }) => key)).toContain("agent:main:main");
    const shown = await run("sessions", "show", "agent:main:main");
    expect(shown.stdout).toContain("user: good morning");
  });

  it("takes another session when asked", async () => {
    await run("agent", "--message", "aside", "--session-key", "agent:main:scratch");
    expect((await run("sessions", "show", "agent:main:scratch")).stdout).toContain("aside");
  });

  it("lists plugins, and finds nothing wrong with the bundled ones", async () => {
    const list = json((await run("plugins", "list", "--json")).stdout) as { plugins: { id: string }[] };
    expect(list.plugins.map(({ id }) => id)).toEqual(expect.arrayContaining(["echo", "webchat", "bonjour"]));
    expect(await run("plugins", "doctor")).toMatchObject({ status: EXIT.OK });
    expect((await run("plugins", "inspect", "webchat")).stdout).toContain("httpRoute");
  });

  it("switches a plugin off and on again while the gateway runs", async () => {
    const stateOf = async (id: string) => {
      const { plugins } = json((await run("plugins", "list", "--json")).stdout) as {
        plugins: { id: string; status: string }[];
      };
      return plugins.find((plugin) => plugin.id === id)?.status;
    };
    expect(await run("plugins", "disable", "webchat")).toMatchObject({ status: EXIT.OK });
    await expect.poll(() => stateOf("webchat")).toBe("disabled");
    expect((await fetch(`http://127.0.0.1:${gateway.port}/`)).status).toBe(404);
    expect(await run("plugins", "enable", "webchat")).toMatchObject({ status: EXIT.OK });
    await expect.poll(() => stateOf("webchat")).toBe("loaded");
    expect((await fetch(`http://127.0.0.1:${gateway.port}/`)).status).toBe(200);
    expect((await run("plugins", "enable", "nowhere")).status).toBe(EXIT.USAGE);
  });

  it("runs a plugin's command", async () => {
    expect(await run("capture", "status", "--json")).toMatchObject({ stdout: expect.any(String) });
    const listed = await sluice(["capture", "keys", "list", "--json"], { stateDir: await temporaryFolder() });
    expect(listed).toMatchObject({ status: EXIT.OK, stdout: "[]\n" });
  });

  it("sets and reads a configuration value, and refuses a wrong one", async () => {
    expect(await run("config", "set", "session.note", "kept")).toMatchObject({ status: EXIT.OK });
    expect((await run("config", "get", "session.note")).stdout).toBe("kept\n");
    expect((await run("config", "set", "session.note", "kept")).stdout).toContain("already");
    const { status, stdout } = await run("config", "set", "gateway.port", "nowhere", "--json");
    expect(status).toBe(EXIT.FAILED);
    expect(json(stdout)).toMatchObject({ error: { code: "INVALID_REQUEST" } });
  });

  it("prints the log", async () => {
    const { status, stdout } = await run("logs", "--limit", "20", "--json");
    expect(status).toBe(EXIT.OK);
    for (const line of stdout.trim().split("\n").filter(Boolean)) expect(() => json(line)).not.toThrow();
  });

  it("lists no dead deliveries on a healthy gateway", async () => {
    expect(json((await run("deliveries", "list", "--json")).stdout)).toEqual({ deliveries: [] });
  });

  it("says in doctor which gateway holds the port", async () => {
    const { stdout } = await run("doctor");
    expect(stdout).toMatch(/ok\s+port\s+a gateway of version/);
  });

  it("keeps the token out of everything it prints", async () => {
    const texts = await Promise.all([
      run("config", "get"),
      run("logs"),
      run("doctor"),
      run("gateway", "status", "--json"),
    ]);
    for (const { stdout, stderr } of texts) expect(stdout + stderr).not.toContain(gateway.token);
  });
});

describe("asking the agent without a gateway", () => {
  it("starts one for the message and stops it", async () => {
    const stateDir = await temporaryFolder();
    const port = String(await freePort());
    const { status, stdout, stderr } = await sluice(
      ["agent", "--message", "alone", "--json", "--port", port],
      { stateDir },
    );
    expect({ status, stderr }).toEqual({ status: EXIT.OK, stderr: expect.stringContaining("starting one") });
    expect(json(stdout)).toMatchObject({ status: "ok" });
    expect((await readdir(stateDir)).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });
});
