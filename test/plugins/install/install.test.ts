import { access, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { InstallReview } from "../../../src/plugins/install/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { installBench, WritableConfig } from "./support/install-bench.ts";
import { pluginFolder, pluginTarball } from "./support/packages.ts";
import { packageRegistry } from "./support/registry.ts";

const command = (name: string) =>
  `api.registerCommand({ name: "${name}", description: "x", handler: () => ({ text: "x" }) });`;
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe("installing a plugin", () => {
  it("[F259] installs a tarball with npm, records its integrity, enables it and runs it without a restart", async () => {
    const bench = await installBench();
    const tarball = await pluginTarball({ register: command("hi") });
    const change = await bench.install(tarball);
    expect(change).toMatchObject({
      pluginId: "sample",
      changed: true,
      message: "sample 1.0.0 is installed and enabled",
    });
    expect(bench.host.registry.current().get("command", "hi")?.pluginId).toBe("sample");
    expect(bench.config.current().config).toEqual({ plugins: { entries: { sample: { enabled: true } } } });
    const stored = JSON.parse(await readFile(bench.book.file, "utf8")) as {
      records: object;
      operation?: object;
    };
    expect(stored.records).toMatchObject({
      sample: {
        pluginId: "sample",
        source: "archive",
        resolvedSpec: "plugin-sample@1.0.0",
        version: "1.0.0",
        integrity: expect.stringMatching(/^sha512-/),
        state: "installed",
      },
    });
    expect(stored.operation).toBeUndefined();
    expect(await bench.leftovers()).toMatchObject({
      staging: [],
      packages: [expect.stringMatching(/^sample-/)],
    });
  });

  it("[F259] takes the newest version of a name, even when it asks for another Node, and says so", async () => {
    const older = await pluginTarball({ version: "1.0.0" });
    const newer = await pluginTarball({
      version: "2.0.0",
      package: { type: "module", openclaw: { extensions: ["./index.js"] }, engines: { node: ">=99" } },
    });
    const registry = await packageRegistry("plugin-sample", [
      { version: "1.0.0", tarball: older },
      { version: "2.0.0", tarball: newer, more: { engines: { node: ">=99" } } },
    ]);
    const bench = await installBench({ registry });
    const change = await bench.install("plugin-sample");
    expect(change.message).toBe("sample 2.0.0 is installed and enabled");
    expect(change.warnings).toEqual([`it asks for Node >=99; this is ${process.version}`]);
    expect((await bench.host.inspect("sample"))?.status).toBe("loaded");
  });

  it("[F259] finds an installed plugin again after a restart, and prefers it to a copy placed by hand", async () => {
    const bench = await installBench();
    await bench.install(await pluginFolder({ register: command("installed") }));
    await pluginFolder({ register: command("placed") }, join(bench.stateDir, "extensions", "sample"));
    const next = await bench.restart();
    expect(
      next.host.registry
        .current()
        .ofPlugin("sample")
        .map(({ key }) => key),
    ).toEqual(["installed"]);
  });

  it("copies a folder, leaving repositories behind, and says which of its packages are missing", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({
      package: { dependencies: { "left-out": "1.0.0", openclaw: "*" } },
      files: { ".git/config": "secret" },
    });
    const { warnings, record } = await bench.install(folder);
    expect(warnings.join()).toContain("its packages are not installed (left-out)");
    const place = bench.book.folderOf(record as never);
    expect(await readdir(place)).not.toContain(".git");
    expect(await exists(join(place, "index.js"))).toBe(true);
  });

  it("links a folder instead of copying it, and leaves it alone when it is uninstalled", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ register: command("live") });
    await bench.install(folder, { link: true });
    expect(bench.book.find("sample")).toMatchObject({ linked: true, folder });
    expect(bench.host.registry.current().get("command", "live")).toBeDefined();
    await bench.installer.uninstall("sample", { keepConfig: false, purgeChannels: false });
    expect(await exists(join(folder, "index.js"))).toBe(true);
    expect(bench.host.registry.current().get("command", "live")).toBeUndefined();
  });

  it("does nothing the second time, and says so", async () => {
    const bench = await installBench();
    const tarball = await pluginTarball();
    await bench.install(tarball);
    const again = await bench.install(tarball, { consent: () => false });
    expect(again).toMatchObject({ changed: false, message: "sample 1.0.0 is installed already" });
    const folder = await pluginFolder({ id: "other" });
    await bench.install(folder);
    expect(await bench.install(folder)).toMatchObject({ changed: false });
    expect((await bench.leftovers()).packages).toHaveLength(2);
  });

  it("adds the id to an allowlist that is in use and takes it from the denylist", async () => {
    const config = new WritableConfig({ plugins: { allow: ["echo"], deny: ["Sample"] } });
    const bench = await installBench({ config });
    await bench.install(await pluginFolder());
    expect(config.current().config["plugins"]).toMatchObject({ allow: ["echo", "sample"], deny: [] });
  });

  it("installs every plugin of a package with several entries", async () => {
    const bench = await installBench();
    const entry = (id: string) => `export default { id: "${id}", register(api) { ${command(id)} } };`;
    const change = await bench.install(
      await pluginFolder({
        id: "pack",
        package: { openclaw: { extensions: ["./one.js", "./two.js"] } },
        files: { "one.js": entry("one"), "two.js": entry("two") },
      }),
    );
    expect(change.pluginIds).toEqual(["pack/one", "pack/two"]);
    expect(
      bench.host.registry
        .current()
        .list("command")
        .map(({ key }) => key)
        .sort(),
    ).toEqual(["one", "two"]);
    await bench.installer.uninstall("pack", { keepConfig: false, purgeChannels: false });
    expect(bench.host.registry.current().list("command")).toEqual([]);
  });

  it("tells why an installed plugin does not run", async () => {
    const bench = await installBench();
    const change = await bench.install(
      await pluginFolder({ register: 'throw new Error("no server is set");' }),
    );
    expect(change.changed).toBe(true);
    expect(change.warnings.join()).toContain("sample does not run: register(api) failed: no server is set");
  });
});

describe("what a package may bring", () => {
  it("runs none of its install scripts", async () => {
    const bench = await installBench();
    const mark = join(bench.stateDir, "script-ran");
    const script = `node -e "require('fs').writeFileSync('${mark}', '')"`;
    const scripts = {
      preinstall: script,
      install: script,
      postinstall: script,
      prepare: script,
      prepack: script,
    };
    await bench.install(await pluginTarball({ package: { scripts } }));
    await bench.install(await pluginFolder({ id: "folder", package: { scripts } }));
    expect(await exists(mark)).toBe(false);
  });

  it("[F259] never installs a host: not as a peer, not as a dependency, not from its own node_modules", async () => {
    const bench = await installBench();
    const tarball = await pluginTarball({
      package: {
        peerDependencies: { openclaw: ">=2026.3.28" },
        dependencies: { openclaw: ">=2026.1.1", "carried-along": "1.0.0" },
        devDependencies: { "@scope/only-here": "workspace:*" },
        bundleDependencies: ["carried-along"],
      },
      files: {
        "node_modules/carried-along/package.json": '{ "name": "carried-along", "version": "1.0.0" }',
        "node_modules/carried-along/node_modules/openclaw/package.json":
          '{ "name": "openclaw", "version": "9.9.9" }',
      },
      register: command("runs"),
    });
    const { warnings } = await bench.install(tarball);
    const files = await readdir(join(bench.stateDir, "plugins/packages"), { recursive: true });
    expect(files.filter((path) => /node_modules\/(openclaw|sluice)$/.test(path))).toEqual([]);
    expect(files.some((path) => path.endsWith("carried-along/package.json"))).toBe(true);
    expect(warnings.join()).toContain("brings its own copy of the host");
    expect(bench.host.registry.current().get("command", "runs")).toBeDefined();
  });

  it.each([
    [
      "no plugin at all",
      {
        manifest: undefined,
        files: { "package.json": '{ "name": "plain", "version": "1.0.0" }', "openclaw.plugin.json": "" },
      },
      "NOT_A_PLUGIN",
    ],
    ["a broken manifest", { files: { "openclaw.plugin.json": "{" } }, "NOT_A_PLUGIN"],
    ["an entry that is missing", { package: { openclaw: { extensions: ["./gone.js"] } } }, "NOT_A_PLUGIN"],
  ])("refuses %s and leaves nothing behind", async (_name, parts, code) => {
    const bench = await installBench();
    await expect(bench.install(await pluginFolder(parts as never))).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining("staging"),
    });
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
    expect(bench.book.records).toEqual([]);
    expect(bench.book.operation).toBeUndefined();
    expect(bench.config.current().config).toEqual({});
  });

  it("[F252] says when a package asks for a newer host", async () => {
    const bench = await installBench();
    const asks = (minHostVersion: string) => ({
      package: { openclaw: { extensions: ["./index.js"], install: { minHostVersion } } },
    });
    const old = await bench.install(await pluginFolder({ id: "fits", ...asks(">=2026.4.10") }));
    expect(old.warnings).toEqual([]);
    const { warnings } = await bench.install(
      await pluginFolder({ id: "newer", ...asks(">=2999.1.1-beta.1") }),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^it asks for a host of >=2999.1.1-beta.1; this one keeps the contract of 20/),
    ]);
  });

  it("refuses links that lead out of the package", async () => {
    const bench = await installBench();
    const folder = await pluginFolder();
    await symlink("/etc/passwd", join(folder, "data.txt"));
    await expect(bench.install(folder)).rejects.toMatchObject({ code: "PACKAGE_UNSAFE" });
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
  });

  it("takes write permission from everybody else", async () => {
    const bench = await installBench();
    const folder = await pluginFolder();
    const { chmod, stat } = await import("node:fs/promises");
    await chmod(join(folder, "index.js"), 0o666);
    const { record } = await bench.install(folder);
    expect((await stat(join(bench.book.folderOf(record as never), "index.js"))).mode & 0o022).toBe(0);
  });

  it("refuses a package that is not the expected one", async () => {
    const bench = await installBench();
    const tarball = await pluginFolder();
    await expect(bench.install(tarball, { expectedIntegrity: "sha512-other" })).rejects.toMatchObject({
      code: "INTEGRITY_MISMATCH",
    });
    await expect(bench.install(tarball, { expectedPluginId: "else" })).rejects.toMatchObject({
      code: "ID_TAKEN",
    });
  });

  it("does not let another package take an installed id, unless forced", async () => {
    const bench = await installBench();
    await bench.install(await pluginFolder({ name: "the-real-one" }));
    const impostor = await pluginFolder({ name: "impostor" });
    await expect(bench.install(impostor)).rejects.toMatchObject({ code: "ID_TAKEN" });
    expect(await bench.install(impostor, { force: true })).toMatchObject({ changed: true });
    expect((await bench.leftovers()).packages).toHaveLength(1);
  });

  it("names what npm cannot provide", async () => {
    const bench = await installBench();
    await expect(bench.install("no-such-package-anywhere-here")).rejects.toMatchObject({
      code: "PACKAGE_UNAVAILABLE",
      message: expect.stringContaining('"no-such-package-anywhere-here"'),
    });
    await expect(bench.install("git:example.org/x")).rejects.toMatchObject({ code: "SOURCE_UNSUPPORTED" });
    await expect(bench.install("/")).rejects.toMatchObject({ code: "NOT_A_PLUGIN" });
    for (const spec of ["https://example.org/x.tgz", "github:a/b", "git+ssh://x/y", "me@example.org:a/b"]) {
      await expect(bench.install(spec)).rejects.toMatchObject({
        code: "SOURCE_UNSUPPORTED",
        message: expect.stringContaining("is an address; fetch it yourself"),
      });
    }
    for (const spec of ["", "./gone", "-g", "a b", "name@file:/etc"]) {
      await expect(bench.install(spec)).rejects.toMatchObject({ code: "SPEC_INVALID" });
    }
  });
});

describe("consent", () => {
  const manifest = {
    channels: ["smoke"],
    channelConfigs: { smoke: { schema: { type: "object" } } },
    contracts: { tools: ["look"], trustedToolPolicies: ["guard"] },
    cliCommands: [{ name: "smoke", description: "x", hasSubcommands: false }],
  };

  it("says whose place it takes: by its id, or by a channel that it claims", async () => {
    const bench = await installBench();
    await pluginFolder(
      { id: "postbox", manifest: { channels: ["post"] } },
      join(bench.stateDir, "extensions", "postbox"),
    );
    await bench.host.applyConfig();
    const reviews: InstallReview[] = [];
    const consent = (review: InstallReview) => reviews.push(review) < 0;
    await expect(bench.install(await pluginFolder({ id: "PostBox" }), { consent })).rejects.toMatchObject({
      code: "CONSENT_REQUIRED",
    });
    const rival = await pluginFolder({ id: "rival", manifest: { channels: ["post"] } });
    await expect(bench.install(rival, { consent })).rejects.toMatchObject({ code: "CONSENT_REQUIRED" });
    expect(reviews.map(({ warnings }) => warnings[0])).toEqual([
      expect.stringMatching(/^it takes the place of the plugin "postbox", which lies in /),
      'it claims the channel "post", which "postbox" has',
    ]);
    await bench.install(await pluginFolder({ id: "alone" }), {
      consent: (review) => reviews.push(review) > 0,
    });
    expect(reviews.at(-1)?.warnings).toEqual([]);
  });

  it("[F259] shows what the manifest claims and installs nothing without agreement", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ manifest });
    let seen: InstallReview | undefined;
    const refused = bench.install(folder, {
      consent: (review) => {
        seen = review;
        return false;
      },
    });
    await expect(refused).rejects.toMatchObject({
      code: "CONSENT_REQUIRED",
      details: {
        code: "PLUGIN_CAPABILITY_CONSENT_REQUIRED",
        reviewToken: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(seen?.claims).toEqual(
      expect.arrayContaining([
        { kind: "channel", name: "smoke" },
        { kind: "agent tool", name: "look" },
        { kind: "decides about every tool call", name: "guard" },
        { kind: "sluice command", name: "smoke" },
      ]),
    );
    expect(bench.book.records).toEqual([]);
    expect(await bench.leftovers()).toEqual({ packages: [], staging: [] });
  });

  it("[F259] shows what reaches keys, files and programs of others", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({
      manifest: {
        providers: ["smoke"],
        setup: {
          providers: [
            {
              id: "smoke-ai",
              envVars: ["SMOKE_KEY"],
              authEvidence: [
                {
                  type: "local-file-with-env",
                  fileEnvVar: "SMOKE_FILE",
                  fallbackPaths: ["~/.smoke/key.json"],
                  credentialMarker: "smoke-file",
                },
              ],
            },
          ],
          nativeSessionCatalog: { label: "Chimney" },
        },
        providerUsageAuthEnvVars: { "smoke-ai": ["SMOKE_BILLING"] },
        providerAuthAliases: {
          plan: "openai",
          own: "smoke",
          club: { provider: "smoke-ai", baseUrls: ["https://club.example"] },
        },
        secretProviderIntegrations: {
          ash: {
            providerAlias: "team",
            source: "exec",
            // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how manifests write it.
            command: "${node}",
            args: ["./bin/ash.mjs", "--quiet"],
            passEnv: ["ASH_TOKEN"],
          },
        },
        contracts: { gatewayMethodDispatch: ["authenticated-request"] },
      },
    });
    let review: InstallReview | undefined;
    const note = (asked: InstallReview) => {
      review = asked;
      return false;
    };
    await expect(bench.install(folder, { consent: note })).rejects.toMatchObject({
      code: "CONSENT_REQUIRED",
    });
    const named = (kind: string) => review?.claims.filter((one) => one.kind === kind).map(({ name }) => name);
    expect(named("reads environment variable")).toEqual([
      "ASH_TOKEN",
      "SMOKE_BILLING",
      "SMOKE_FILE",
      "SMOKE_KEY",
    ]);
    expect(named("reads file")).toEqual(["~/.smoke/key.json"]);
    expect(named("lists conversations of another program")).toEqual(["Chimney"]);
    expect(named("uses the key of another model provider")).toEqual([
      "openai for plan",
      "smoke-ai for club at https://club.example",
    ]);
    expect(named("gives out secrets by running a script")).toEqual(["team (./bin/ash.mjs)"]);
    expect(named("calls gateway methods from its HTTP routes")).toEqual(["authenticated-request"]);
  });

  it("is asked again only when an update claims something new", async () => {
    const bench = await installBench();
    const folder = await pluginFolder({ manifest });
    await bench.install(folder);
    const never = { consent: () => false };
    await pluginFolder({ manifest, version: "1.0.1" }, folder);
    expect(await bench.installer.update("sample", never)).toMatchObject({ changed: true });
    await pluginFolder({ manifest: { ...manifest, providers: ["smoke-ai"] }, version: "1.0.2" }, folder);
    await expect(bench.installer.update("sample", never)).rejects.toMatchObject({ code: "CONSENT_REQUIRED" });
    expect(bench.book.find("sample")?.version).toBe("1.0.1");
  });

  it("[F259] says the same of a content pack wherever it lies while it is looked at", async () => {
    const bench = await installBench();
    const pack = join(await temporaryFolder("sluice-pack-"), "pack");
    for (const path of [".claude-plugin/plugin.json", "skills/look/SKILL.md", "commands/go.md"]) {
      await mkdir(dirname(join(pack, path)), { recursive: true });
      await writeFile(join(pack, path), path.endsWith(".json") ? '{ "name": "pack" }' : "# Look\n");
    }
    const seen: InstallReview[] = [];
    const note = (review: InstallReview) => seen.push(review) < 0;
    await expect(bench.install(pack, { consent: note })).rejects.toThrow();
    // Whoever agrees to what was shown agrees to what is installed.
    await bench.install(pack, { consent: ({ reviewToken }) => reviewToken === seen[0]?.reviewToken });
    expect(seen[0]?.claims).toEqual([
      { kind: "skills", name: "commands" },
      { kind: "skills", name: "skills" },
    ]);
  });

  it("gives a token for exactly one package", async () => {
    const bench = await installBench();
    const tokens: string[] = [];
    const note = (review: InstallReview) => tokens.push(review.reviewToken) < 0;
    const folder = await pluginFolder({ manifest });
    await expect(bench.install(folder, { consent: note })).rejects.toThrow();
    await expect(bench.install(folder, { consent: note })).rejects.toThrow();
    await writeFile(join(folder, "more.js"), "");
    await expect(bench.install(folder, { consent: note })).rejects.toThrow();
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[2]).not.toBe(tokens[0]);
  });
});

describe("a book that cannot be read", () => {
  it("is left as it is, starts the gateway without installed plugins, and refuses to be written", async () => {
    const bench = await installBench();
    await mkdir(join(bench.stateDir, "plugins"), { recursive: true });
    await writeFile(bench.book.file, "{ broken");
    const next = await bench.restart();
    expect(next.book.problem).toBeDefined();
    expect(next.book.folders()).toEqual([]);
    await expect(next.install(await pluginFolder())).rejects.toMatchObject({ code: "BOOK_BROKEN" });
    expect(await readFile(bench.book.file, "utf8")).toBe("{ broken");
  });
});
