// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder is what is tested
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { REDACTED, redactConfig, redactText, restoreRedacted } from "../../../src/runtime/config/index.ts";
import { configFixture } from "./support.ts";

const token = { source: "env", provider: "default", id: "BOT_TOKEN" };

describe("environment names and secret references", () => {
  it("have values in the runtime snapshot only, and their values never reach a log", async () => {
    const env = { BOT_TOKEN: "bot-token-value", NAME: "sluice" };
    const { config, redactor } = await configFixture(
      {
        "sluice.json": JSON.stringify({
          channels: { irc: { token, nick: "${NAME}-bot", literal: "$${NAME}" } },
        }),
      },
      { env },
    );
    const { source, config: runtime } = config.current();
    expect(source.channels?.["irc"]).toEqual({ token, nick: "${NAME}-bot", literal: "$${NAME}" });
    expect(runtime.channels?.["irc"]).toEqual({
      token: "bot-token-value",
      nick: "sluice-bot",
      literal: "${NAME}",
    });
    expect(redactor.text("sent bot-token-value")).toBe("sent [redacted]");
  });

  it("stay as written through a write", async () => {
    const text =
      '{ channels: { irc: { nick: "${NAME}", token: { source: "env", provider: "default", id: "BOT_TOKEN" } } } }';
    const { config, path } = await configFixture(
      { "sluice.json": text },
      { env: { BOT_TOKEN: "value-value", NAME: "n" } },
    );
    await config.mutate(
      (draft) => {
        draft["session"] = { scope: "global" };
      },
      { reason: "test" },
    );
    const written = await readFile(path, "utf8");
    expect(written).toContain('nick: "${NAME}"');
    expect(written).toContain('id: "BOT_TOKEN"');
    expect(written).not.toContain("value-value");
  });

  it("without a value are warnings: text stays, references go missing", async () => {
    const { config } = await configFixture({
      "sluice.json": JSON.stringify({ gateway: { auth: { token } }, messages: { prefix: "${NOWHERE}!" } }),
    });
    const { config: runtime, problems, origin } = config.current();
    expect(origin).toBe("file");
    expect(runtime.gateway?.auth).toEqual({});
    expect(runtime.messages).toEqual({ prefix: "${NOWHERE}!" });
    expect(problems.map(({ path, severity }) => ({ path, severity }))).toEqual([
      { path: "gateway.auth.token", severity: "warning" },
      { path: "messages.prefix", severity: "warning" },
    ]);
  });

  it("come from files, from env.vars, and only from what a provider allows", async () => {
    const reference = (source: string, provider: string, id: string) => ({ source, provider, id });
    const { config } = await configFixture(
      {
        "sluice.json": JSON.stringify({
          secrets: {
            providers: {
              plain: { source: "file", path: "secret.txt" },
              tree: { source: "file", path: "secret.json" },
              strict: { source: "env", allow: ["ALLOWED"] },
            },
          },
          env: { vars: { FROM_VARS: "vars", SET: "ignored" } },
          messages: {
            plain: reference("file", "plain", "value"),
            tree: reference("file", "tree", "/a~1b/0"),
            vars: "${FROM_VARS} ${SET}",
            allowed: reference("env", "strict", "ALLOWED"),
            denied: reference("env", "strict", "OTHER"),
            unknown: reference("file", "nobody", "value"),
            exec: reference("exec", "default", "tool"),
          },
        }),
        "secret.txt": "from a file\n",
        "secret.json": '{"a/b":["from a tree"]}',
      },
      { env: { SET: "set", ALLOWED: "yes-allowed", OTHER: "no" } },
    );
    expect(config.current().config.messages).toEqual({
      plain: "from a file",
      tree: "from a tree",
      vars: "vars set",
      allowed: "yes-allowed",
    });
    expect(config.current().problems.map((problem) => problem.path)).toEqual([
      "messages.denied",
      "messages.unknown",
      "messages.exec",
    ]);
  });

  it("are read again on request, without a new revision", async () => {
    const env: Record<string, string> = { BOT_TOKEN: "first-value" };
    const { config } = await configFixture(
      { "sluice.json": JSON.stringify({ messages: { token } }) },
      { env },
    );
    env["BOT_TOKEN"] = "second-value";
    const before = config.current();
    const after = await config.refresh();
    expect(after.config.messages).toEqual({ token: "second-value" });
    expect(after.revision).toBe(before.revision);
  });
});

describe("showing a configuration", () => {
  it("hides in the runtime form whatever came from a reference, under any key", () => {
    const source = { irc: { host: token, nick: "${NAME}", list: [token, "b"], short: [token, "b"] } };
    const runtime = {
      irc: { host: "hidden-value", nick: "hidden-name", list: ["hidden-item", "b"], short: ["b"] },
    };
    expect(redactConfig(runtime, source)).toEqual({
      irc: { host: REDACTED, nick: "${NAME}", list: [REDACTED, "b"], short: REDACTED },
    });
  });

  const shown = {
    gateway: { auth: { token: "plain-secret" }, port: 1 },
    messages: { apiKey: "${KEY}", token },
  };

  it("hides plain secrets, leaves references, and takes the hidden form back", () => {
    const redacted = redactConfig(shown);
    expect(redacted).toEqual({ ...shown, gateway: { auth: { token: REDACTED }, port: 1 } });
    expect(restoreRedacted(redacted, shown)).toEqual(shown);
    expect(restoreRedacted({ gateway: { auth: { token: REDACTED } } }, {})).toEqual({
      gateway: { auth: {} },
    });
    expect(redactText('{ token: "plain-secret" } // plain-secret', shown)).not.toContain("plain-secret");
    const broken = `{ port: 1, 'botToken' : 'new-\\'one', "apiKey":"\${KEY}", password: "1", `;
    expect(redactText(broken, {})).toBe(
      `{ port: 1, 'botToken' : "${REDACTED}", "apiKey":"\${KEY}", password: "${REDACTED}", `,
    );
  });

  it("hides what headers, environments and addresses hold, keeps it from logs, and takes the hidden form back", async () => {
    const secret = {
      models: {
        providers: {
          own: {
            baseUrl: "http://me:pass-word-1@models.test/v1?key=query-key-2&v=3",
            headers: { "X-Custom": "header-value-made-up-3", Nested: ["list-value-4"] },
          },
          open: { baseUrl: "https://models.test/v1?version=2", name: "Open" },
        },
      },
      env: {
        vars: {
          SOME_NAME: "variable-5",
          OTHER: "${KEY}",
          HOST: "127.0.0.1:11434",
          FOLDER: "/var/lib/folder-number-1",
        },
        shellEnv: { enabled: true },
      },
      plugins: { entries: { hooks: { config: { webhookUrl: "https://hooks.test/T0/B0/path-6" } } } },
    };
    const hidden = JSON.stringify(redactConfig(secret));
    const text = redactText(JSON.stringify(secret), secret);
    for (const part of [
      "pass-word-1",
      "query-key-2",
      "header-value-made-up-3",
      "list-value-4",
      "variable-5",
      "path-6",
    ]) {
      expect(hidden, part).not.toContain(part);
      expect(text, part).not.toContain(part);
    }
    expect(JSON.parse(hidden)).toMatchObject({
      models: { providers: { open: secret.models.providers.open } },
      env: { vars: { OTHER: "${KEY}" }, shellEnv: { enabled: true } },
    });
    expect(restoreRedacted(redactConfig(secret), secret)).toEqual(secret);
    const { redactor } = await configFixture({ "sluice.json": JSON.stringify(secret) });
    // Hosts and folders stay: who reads a log has to know where something failed.
    const where = "127.0.0.1:11434 /var/lib/folder-number-1";
    expect(redactor.text(where)).toBe(where);
    expect(
      redactor.text("http://me:pass-word-1@models.test/v1?key=query-key-2&v=3 said header-value-made-up-3"),
    ).toBe("http://me:[redacted]@models.test/v1?key=[redacted]&v=3 said [redacted]");
  });

  it("hides ordinary words in the file's text as whole values only: no key and no number is lost", () => {
    const config = {
      env: { vars: { NODE_ENV: "production", PIN: "1234", QUOTED: 'it\'s "so"' } },
      production: { port: 12345 },
      agents: { production: "main" },
    };
    const text = `{
  // production settings
  env: { vars: { NODE_ENV: "production", PIN: '1234', QUOTED: 'it\\'s "so"' } },
  production: { port: 12345 }, "agents": { "production": "main" },
}`;
    expect(redactText(text, config, new Set(["1234"]))).toBe(`{
  // production settings
  env: { vars: { NODE_ENV: "${REDACTED}", PIN: "${REDACTED}", QUOTED: "${REDACTED}" } },
  production: { port: 12345 }, "agents": { "production": "main" },
}`);
  });
});
