import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RENEW_BEFORE_MS } from "../../src/runtime/models/profile-renewal.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

type Refusal = { status: number; message: string };

const REGISTER = `
  api.registerGatewayMethod("probe.key", async ({ params }) => {
    const { apiKey, ...rest } = await api.runtime.modelAuth.resolveApiKeyForProvider(params);
    const store = api.runtime.modelAuth.ensureAuthProfileStore();
    return { ...rest, length: apiKey ? apiKey.length : 0, usage: store.usageStats ?? {} };
  }, { scope: "operator.read" });
  api.registerTool({ name: "search", description: "Finds.", parameters: { type: "object", properties: {} },
    execute: async () => ({ content: [{ type: "text", text: "did search" }] }) });`;

const MANIFEST = {
  contracts: { tools: ["search"] },
  nonSecretAuthMarkers: ["farm-local"],
  toolMetadata: { search: { authSignals: [{ provider: "finder" }] } },
};

/** A gateway whose models are on a server that knows keys, and the sign-ins of its agents. */
async function room(
  profiles: Record<string, object>,
  more: {
    refusals?: Record<string, Refusal>;
    config?: Record<string, unknown>;
    register?: string;
    agents?: Record<string, Record<string, object>>;
    env?: Record<string, string>;
  } = {},
) {
  const refusals = more.refusals ?? {};
  const asked: string[] = [];
  const http = createServer((request, response) => {
    const key = (request.headers.authorization ?? "none").replace("Bearer ", "");
    asked.push(key);
    request.resume();
    const refusal = refusals[key];
    if (refusal) {
      response.writeHead(refusal.status, { "content-type": "application/json", "retry-after": "600" });
      response.end(JSON.stringify({ error: { message: refusal.message } }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = { choices: [{ index: 0, delta: { content: `hello ${key}` }, finish_reason: "stop" }] };
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  const baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
  const folder = await temporaryFolder();
  for (const [agent, own] of Object.entries({ main: profiles, ...more.agents })) {
    const agentDir = join(folder, "state", "agents", agent, "agent");
    await mkdir(agentDir, { recursive: true });
    await writeFile(join(agentDir, "auth-profiles.json"), JSON.stringify({ version: 1, profiles: own }));
  }
  const lines: string[] = [];
  const opened = await contract(
    { register: `${REGISTER}${more.register ?? ""}`, manifest: MANIFEST },
    {
      folder,
      gateway: {
        env: { ...process.env, ...more.env },
        logLevel: "debug",
        onLog: (line: string) => void lines.push(line),
      },
      config: {
        agents: { defaults: { model: "farm/one" } },
        models: {
          providers: {
            farm: { baseUrl, api: "openai-completions", apiKey: "key-of-config", models: [{ id: "one" }] },
            cloud: { baseUrl, api: "openai-completions", apiKey: "key-of-cloud", models: [{ id: "big" }] },
          },
        },
        ...more.config,
      },
    },
  );
  return { ...opened, asked, refusals, lines };
}

const key = (text: string, more: object = {}) => ({ type: "api_key", provider: "farm", key: text, ...more });
const FOR_EVER = 4_000_000_000_000;

describe("sign-ins with model providers", () => {
  it("[F223] go before the configured key, in the order of their kinds, and stay out of the log", async () => {
    const { say, asked, call, lines } = await room({
      "farm:key": key("key-of-profile"),
      "farm:token": { type: "token", provider: "Farm", token: "token-of-profile", expires: FOR_EVER },
      "farm:late": { type: "oauth", provider: "farm", access: "too-late", refresh: "r", expires: 1 },
      "other:key": { type: "api_key", provider: "other", key: "of-another" },
    });
    expect(await say("hi")).toBe("hello token-of-profile");
    expect(await say("again")).toBe("hello token-of-profile");
    expect(asked).toEqual(["token-of-profile", "token-of-profile"]);
    expect(await call("probe.key", { provider: "farm" })).toMatchObject({
      profileId: "farm:token",
      source: "profile:farm:token",
      mode: "token",
      length: "token-of-profile".length,
    });
    expect(await call("probe.key", { provider: "other" })).toMatchObject({ profileId: "other:key" });
    expect(lines.join("\n")).not.toContain("token-of-profile");
  });

  it("whose key is a marker are never sent", async () => {
    const { say } = await room({ "farm:a": key("farm-local") });
    expect(await say("hi")).toBe("hello none");
  });

  it("follow auth.order, and references to secrets are read", async () => {
    const { say } = await room(
      {
        "farm:a": key("key-a"),
        "farm:b": {
          type: "api_key",
          provider: "farm",
          keyRef: { source: "env", provider: "default", id: "FARM_SECRET" },
        },
      },
      { config: { auth: { order: { farm: ["farm:b", "farm:a"] } } }, env: { FARM_SECRET: "key-b" } },
    );
    expect(await say("hi")).toBe("hello key-b");
  });

  it("stay with a session; the next session takes the one that rested longest", async () => {
    const { say, call } = await room({ "farm:a": key("key-a"), "farm:b": key("key-b") });
    expect(await say("hi", "agent:main:one")).toBe("hello key-a");
    expect(await say("hi", "agent:main:two")).toBe("hello key-b");
    expect(await say("again", "agent:main:one")).toBe("hello key-a");
    expect(await say("again", "agent:main:one")).toBe("hello key-a");
    expect(await say("again", "agent:main:two")).toBe("hello key-b");
    await call("sessions.reset", { key: "agent:main:two" });
    expect(await say("anew", "agent:main:two")).toBe("hello key-a");
  });

  it("belong to agents; those of the default agent serve all", async () => {
    const { say } = await room(
      { "farm:default": key("key-of-main") },
      {
        agents: { own: { "farm:default": key("key-of-own") } },
        config: {
          agents: { defaults: { model: "farm/one" }, list: [{ id: "main" }, { id: "own" }, { id: "poor" }] },
        },
      },
    );
    expect(await say("hi", "agent:main:main")).toBe("hello key-of-main");
    expect(await say("hi", "agent:own:main")).toBe("hello key-of-own");
    expect(await say("hi", "agent:poor:main")).toBe("hello key-of-main");
  });

  it.each<[string, Refusal]>([
    ["rate_limit", { status: 429, message: "slow down" }],
    ["auth_permanent", { status: 401, message: "incorrect key" }],
    ["billing", { status: 402, message: "add credits" }],
  ])("that fail for %s give way to the next, and rest", async (reason, refusal) => {
    const { say, asked, call } = await room(
      { "farm:a": key("key-a"), "farm:b": key("key-b") },
      { refusals: { "key-a": refusal } },
    );
    expect(await say("hi")).toBe("hello key-b");
    expect(await say("again")).toBe("hello key-b");
    await call("sessions.reset", { key: "main" });
    expect(await say("and again")).toBe("hello key-b");
    expect(asked).toEqual(["key-a", "key-b", "key-b", "key-b"]);
    const { usage } = await call("probe.key", { provider: "farm" });
    expect(usage["farm:a"]).toMatchObject({ failureCounts: { [reason]: 1 } });
    const until = usage["farm:a"].disabledUntil ?? usage["farm:a"].cooldownUntil;
    expect(until).toBeGreaterThan(Date.now());
  });

  it("that all fail end the turn once, each named; one that has a new key is tried again", async () => {
    const { say, asked, refusals, client, stateDir } = await room(
      { "farm:a": key("key-a"), "farm:b": key("key-b") },
      {
        refusals: {
          "key-a": { status: 401, message: "incorrect key" },
          "key-b": { status: 402, message: "pay" },
        },
      },
    );
    const answer = await say("hi");
    expect(answer).toContain("farm/one with farm:a: auth_permanent (401 incorrect key)");
    expect(answer).toContain("farm/one with farm:b: billing (402 pay)");
    // Both rest, and nobody is asked in vain.
    expect(await say("again")).toMatch(
      /farm\/one with farm:[ab]: (auth_permanent|billing) \(its sign-ins rest until/,
    );
    expect(asked).toEqual(["key-a", "key-b"]);
    expect(client).toBeDefined();
    delete refusals["key-b"];
    const file = join(stateDir, "agents", "main", "agent", "auth-profiles.json");
    await writeFile(
      file,
      JSON.stringify({ profiles: { "farm:a": key("key-a"), "farm:b": key("key-b-renewed") } }),
    );
    await expect.poll(() => say("now?"), { interval: 300 }).toBe("hello key-b-renewed");
  });

  it("that a session's user chose go first, through its resets, and others still stand in", async () => {
    const { say, call, refusal, asked, refusals } = await room({
      "farm:a": key("key-a"),
      "farm:b": key("key-b"),
    });
    await call("sessions.patch", { key: "main", model: "farm/one@farm:b" });
    expect(await say("hi")).toBe("hello key-b");
    await call("sessions.reset", { key: "main" });
    expect(await say("hi")).toBe("hello key-b");
    refusals["key-b"] = { status: 429, message: "slow down" };
    expect(await say("hi")).toBe("hello key-a");
    expect(asked).toEqual(["key-b", "key-b", "key-b", "key-a"]);
    const unknown = await refusal("sessions.patch", { key: "main", model: "farm/one@farm:c" });
    expect(unknown).toMatchObject({ code: "INVALID_REQUEST", message: expect.stringContaining("farm:c") });
    const { entry } = await call("sessions.patch", { key: "main", model: null });
    expect(entry.authProfileOverride).toBeUndefined();
  });

  it("that a reference names go first", async () => {
    const { say, asked, refusals } = await room(
      { "farm:a": key("key-a"), "farm:b": key("key-b") },
      { config: { agents: { defaults: { model: "farm/one@farm:b" } } } },
    );
    expect(await say("hi")).toBe("hello key-b");
    refusals["key-b"] = { status: 429, message: "slow down" };
    expect(await say("again")).toBe("hello key-a");
    expect(asked).toEqual(["key-b", "key-b", "key-a"]);
  });

  it("in a file that cannot be read are told of once, and the configured key is used", async () => {
    const { say, lines, stateDir } = await room({});
    await writeFile(join(stateDir, "agents", "main", "agent", "auth-profiles.json"), "{ broken");
    await expect
      .poll(
        () => say("hi").then(() => lines.filter((line) => line.includes("sign-ins of an agent")).length),
        {
          interval: 300,
        },
      )
      .toBe(1);
    expect(await say("again")).toBe("hello key-of-config");
  });

  it("[F250] of an agent make the tools that need them appear, for that agent", async () => {
    const finder = { "finder:default": { type: "api_key", provider: "finder", key: "key-of-finder" } };
    const { say } = await room(
      {},
      {
        agents: { own: finder },
        config: {
          agents: {
            defaults: { model: "echo/echo-1" },
            list: [{ id: "main" }, { id: "own" }],
          },
        },
      },
    );
    expect(await say("/tool search {}", "agent:main:main")).toContain("There is no tool named search");
    expect(await say("/tool search {}", "agent:own:main")).toContain("did search");
  });

  const CLOUD = (refresh: string) => `
    api.registerProvider({ id: "cloud", label: "Cloud", auth: [],
      refreshOAuth: async (credential) => { seen.push(credential.refresh); ${refresh} },
      formatApiKey: (credential) => "formatted-" + credential.access });`;
  const SKY = { agents: { defaults: { model: "cloud/big" } } };
  const oauth = (expires: number) => ({
    type: "oauth",
    provider: "cloud",
    access: "old-token",
    refresh: "refresh-1",
    expires,
    email: "me@example.org",
  });

  it("that are about to end are renewed by their provider, once, and written back", async () => {
    const { say, seen, stateDir } = await room(
      { "cloud:me": oauth(Date.now() + RENEW_BEFORE_MS - 1_000), "farm:a": key("key-a") },
      {
        config: SKY,
        register: CLOUD(
          `return { access: "new-token", refresh: "refresh-2", expires: ${FOR_EVER}, provider: "farm" };`,
        ),
      },
    );
    const answers = await Promise.all([say("hi", "agent:main:one"), say("hi", "agent:main:two")]);
    expect(answers).toEqual(["hello formatted-new-token", "hello formatted-new-token"]);
    expect(await seen()).toEqual(["refresh-1"]);
    const folder = join(stateDir, "agents", "main", "agent");
    const file = join(folder, "auth-profiles.json");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      version: 1,
      profiles: {
        "cloud:me": { ...oauth(FOR_EVER), access: "new-token", refresh: "refresh-2" },
        "farm:a": key("key-a"),
      },
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["auth-profiles.json"]);
    expect(await say("again")).toBe("hello formatted-new-token");
    expect(await seen()).toHaveLength(1);
  });

  it("that cannot be renewed are used while they last, then left out, and the file stays as it is", async () => {
    const fails = CLOUD(`throw new Error("the server said no");`);
    const lasting = oauth(Date.now() + 60_000);
    const first = await room({ "cloud:me": lasting }, { config: SKY, register: fails });
    expect(await first.say("hi")).toBe("hello formatted-old-token");
    expect(await first.say("hi")).toBe("hello formatted-old-token");
    expect(await first.seen()).toEqual(["refresh-1"]);
    expect(first.lines.filter((line) => line.includes("could not be renewed"))).toHaveLength(1);
    const file = join(first.stateDir, "agents", "main", "agent", "auth-profiles.json");
    expect(JSON.parse(await readFile(file, "utf8")).profiles).toEqual({ "cloud:me": lasting });
    const second = await room({ "cloud:me": oauth(1) }, { config: SKY, register: fails });
    expect(await second.say("hi")).toBe("hello key-of-cloud");
    const third = await room({ "cloud:me": oauth(1) }, { config: SKY, register: CLOUD("return {};") });
    expect(await third.say("hi")).toBe("hello key-of-cloud");
  });
});
