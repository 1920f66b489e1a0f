import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readSecretFile } from "../../src/plugin-sdk/secret-file.ts";
import { resolveConfiguredSecretInputString } from "../../src/plugin-sdk/secret-input-runtime.ts";
import { canResolveEnvSecretRefInReadOnlyPath } from "../../src/plugin-sdk/secret-ref-readonly.ts";
import {
  buildSingleChannelSecretPromptState,
  createDetectedBinaryStatus,
  promptAccountId,
  promptChannelAccessConfig,
  promptSingleChannelSecretInput,
  runSingleChannelSecretStep,
  WizardCancelledError,
} from "../../src/plugin-sdk/setup.ts";
import {
  createClackPrompter,
  noteChannelLookupFailure,
  noteChannelLookupSummary,
  parseMentionOrPrefixedId,
  promptResolvedAllowFrom,
  resolveEntriesWithOptionalToken,
  splitSetupEntries,
} from "../../src/plugin-sdk/setup-runtime.ts";
import { detectBinary, extractArchive, resolveBrewExecutable } from "../../src/plugin-sdk/setup-tools.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The real prompter over streams: the lines are what the person types. */
function terminal(...lines: string[]) {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = "";
  output.on("data", (chunk) => {
    shown += String(chunk);
    const question = /(?:: |\] |\[\d*(?:,\d+)*\]: )$/.test(shown);
    if (question) {
      const line = lines.shift();
      if (line === undefined) input.end();
      else input.write(`${line}\n`);
    }
  });
  return { prompter: createClackPrompter({ input, output }), shown: () => shown };
}

describe("the prompter of a terminal", () => {
  it("asks again until an answer is valid", async () => {
    const { prompter, shown } = terminal("", "7", "no idea", "n", "9", "2", "1,3", "");
    const validate = (value: string) => (value === "" ? "Required" : undefined);
    expect(await prompter.text({ message: "Port", validate })).toBe("7");
    expect(await prompter.confirm({ message: "Go on?" })).toBe(false);
    const options = ["a", "b", "c"].map((value) => ({ value, label: value.toUpperCase(), hint: "h" }));
    expect(await prompter.select({ message: "One", options })).toBe("b");
    expect(await prompter.multiselect?.({ message: "Some", options })).toEqual(["a", "c"]);
    expect(await prompter.text({ message: "Name", initialValue: "kept" })).toBe("kept");
    await prompter.note("body", "title");
    expect(shown()).toContain("Required");
    expect(shown()).toContain("2) B – h");
    expect(shown()).toContain("title\nbody");
  });

  it("ends when the person does", async () => {
    const { prompter } = terminal();
    await expect(prompter.text({ message: "Port" })).rejects.toThrow(WizardCancelledError);
  });
});

const secretQuestion = {
  cfg: {},
  providerHint: "chat",
  credentialLabel: "token",
  envPrompt: "Use the environment's?",
  keepPrompt: "Keep it?",
  inputPrompt: "Token",
  preferredEnvVar: "CHAT_TOKEN",
  env: { CHAT_TOKEN: " from-env ", EMPTY: "" },
};

describe("asking for a secret", () => {
  it("keeps what is there, takes the environment's, or the one that is typed", async () => {
    const ask = (state: object, ...lines: string[]) =>
      promptSingleChannelSecretInput({
        ...secretQuestion,
        accountConfigured: false,
        hasConfigToken: false,
        canUseEnv: false,
        secretInputMode: "plaintext",
        ...state,
        prompter: terminal(...lines).prompter,
      });
    expect(await ask({ canUseEnv: true }, "y")).toEqual({ action: "use-env" });
    expect(await ask({ accountConfigured: true, hasConfigToken: true }, "y")).toEqual({ action: "keep" });
    expect(await ask({}, " ", " typed ")).toEqual({ action: "set", value: "typed", resolvedValue: "typed" });
    expect(await ask({ secretInputMode: undefined }, "1", "typed")).toMatchObject({ value: "typed" });
    expect(await ask({ secretInputMode: undefined }, "2", "lower", "EMPTY", "")).toEqual({
      action: "set",
      value: { source: "env", provider: "default", id: "CHAT_TOKEN" },
      resolvedValue: "from-env",
    });
    const state = { accountConfigured: false, hasConfigToken: false, allowEnv: true };
    expect(buildSingleChannelSecretPromptState({ ...state, envValue: "x" }).canUseEnv).toBe(true);
    expect(buildSingleChannelSecretPromptState({ ...state, envValue: " " }).canUseEnv).toBe(false);
    expect(
      buildSingleChannelSecretPromptState({ ...state, envValue: "x", hasConfigToken: true }).canUseEnv,
    ).toBe(false);
  });

  it("writes the answer as a step of the wizard", async () => {
    const told: string[] = [];
    const step = (lines: string[], more: object = {}) =>
      runSingleChannelSecretStep({
        ...secretQuestion,
        secretInputMode: "plaintext",
        accountConfigured: false,
        hasConfigToken: false,
        allowEnv: false,
        onMissingConfigured: () => void told.push("help"),
        applyUseEnv: (cfg) => ({ ...cfg, used: "env" }),
        applySet: (cfg, value) => ({ ...cfg, token: value }),
        ...more,
        prompter: terminal(...lines).prompter,
      });
    expect(await step(["t"])).toEqual({ cfg: { token: "t" }, action: "set", resolvedValue: "t" });
    expect(await step(["y"], { allowEnv: true, envValue: "e" })).toEqual({
      cfg: { used: "env" },
      action: "use-env",
      resolvedValue: "e",
    });
    expect(await step(["y"], { accountConfigured: true, hasConfigToken: true })).toEqual({
      cfg: {},
      action: "keep",
    });
    expect(told).toEqual(["help", "help"]);
  });
});

describe("other questions of a set-up", () => {
  it("choose an account or name a new one", async () => {
    const ask = (...lines: string[]) =>
      promptAccountId({
        cfg: {},
        prompter: terminal(...lines).prompter,
        label: "Chat",
        listAccountIds: () => ["work"],
        defaultAccountId: "default",
      });
    expect(await ask("1")).toBe("work");
    expect(await ask("")).toBe("default");
    expect(await ask("3", "My Team")).toBe("my-team");
  });

  it("say which rooms may talk", async () => {
    const ask = (more: object, ...lines: string[]) =>
      promptChannelAccessConfig({ prompter: terminal(...lines).prompter, label: "Rooms", ...more });
    expect(await ask({}, "n")).toBeNull();
    expect(await ask({ updatePrompt: true }, "")).toBeNull();
    expect(await ask({}, "y", "1", "#a, #b,#a")).toEqual({ policy: "allowlist", entries: ["#a", "#b"] });
    expect(await ask({}, "y", "2")).toEqual({ policy: "open", entries: [] });
    expect(await ask({ allowOpen: false }, "y", "2")).toEqual({ policy: "disabled", entries: [] });
  });

  it("look people up, and ask again for those that are not found", async () => {
    const parse = {
      mentionPattern: /^<@(\w+)>$/,
      prefixPattern: /^user:/i,
      idPattern: /^U\d+$/i,
      normalizeId: (id: string) => id.toUpperCase(),
    };
    const parseId = (value: string) => parseMentionOrPrefixedId({ value, ...parse });
    expect([" <@u1> ", "user: u2", "U3", "ada", "user:"].map(parseId)).toEqual([
      "U1",
      "U2",
      "U3",
      null,
      null,
    ]);
    const ask = (token: string, ...lines: string[]) => {
      const { prompter, shown } = terminal(...lines);
      const answer = promptResolvedAllowFrom({
        prompter,
        existing: ["U0"],
        token,
        message: "People",
        placeholder: "@ada",
        label: "Allowed",
        parseInputs: splitSetupEntries,
        parseId,
        invalidWithoutTokenNote: "Give ids",
        resolveEntries: async ({ entries }) => {
          if (entries.includes("offline")) throw new Error("no network");
          return entries.map((input) => ({
            input,
            resolved: input === "ada",
            id: input === "ada" ? "U9" : null,
          }));
        },
      });
      return answer.then((people) => ({ people, shown: shown() }));
    };
    const without = await ask("", "ada", "U1, <@u2>");
    expect(without.people).toEqual(["U0", "U1", "U2"]);
    expect(without.shown).toContain("Give ids");
    const found = await ask("token", "offline", "bob, ada", "ada");
    expect(found.people).toEqual(["U0", "U9"]);
    expect(found.shown).toContain("Not found: bob");
    const entries = { entries: ["a"], buildWithoutToken: (input: string) => ({ input, by: "nobody" }) };
    const resolveEntries = async () => [{ input: "a", by: "service" }];
    expect(await resolveEntriesWithOptionalToken({ ...entries, token: " ", resolveEntries })).toEqual([
      { input: "a", by: "nobody" },
    ]);
    expect(await resolveEntriesWithOptionalToken({ ...entries, token: "t", resolveEntries })).toEqual([
      { input: "a", by: "service" },
    ]);
  });

  it("tell what was found, and nothing when there is nothing", async () => {
    const notes: string[] = [];
    const prompter = { note: async (text: string) => void notes.push(text) };
    const resolvedSections = [
      { title: "Found", values: ["C1", "C2"] },
      { title: "Empty", values: [] },
    ];
    await noteChannelLookupSummary({ prompter, label: "Rooms", resolvedSections, unresolved: ["#x"] });
    await noteChannelLookupSummary({ prompter, label: "Rooms", resolvedSections: [] });
    await noteChannelLookupFailure({ prompter, label: "Rooms", error: new Error("no network") });
    expect(notes).toHaveLength(2);
    expect(notes[0]).toBe("Found: C1, C2\nKept as typed, not found: #x");
    expect(notes[1]).toContain("no network");
  });
});

describe("programs", () => {
  it("are found by name and path, and decide the state of a channel", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "tool"), "#!/bin/sh\n");
    await mkdir(join(folder, "folder"));
    const env = { PATH: `/nowhere:${folder}` };
    expect(await detectBinary("tool", env)).toBe(false);
    await chmod(join(folder, "tool"), 0o755);
    expect(await detectBinary("tool", env)).toBe(true);
    expect(await detectBinary(join(folder, "tool"), {})).toBe(true);
    expect(await detectBinary("folder", env)).toBe(false);
    expect(await detectBinary("", env)).toBe(false);
    const status = createDetectedBinaryStatus({
      channelLabel: "Chat",
      binaryLabel: "tool",
      configuredLabel: "ready",
      unconfiguredLabel: "needs set-up",
      configuredHint: "found it",
      unconfiguredHint: "install it",
      configuredScore: 2,
      unconfiguredScore: 0,
      resolveConfigured: () => true,
      resolveBinaryPath: ({ accountId }) => (accountId === "a" ? join(folder, "tool") : undefined),
      detectBinary: (path) => detectBinary(path, {}),
    });
    const there = { cfg: {}, accountId: "a", configured: true };
    expect(await status.resolveStatusLines(there)).toEqual([
      "Chat: ready",
      `tool: found (${join(folder, "tool")})`,
    ]);
    expect(await status.resolveSelectionHint({ cfg: {}, configured: true })).toBe("install it");
    expect(await status.resolveQuickstartScore(there)).toBe(2);
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin/brew"), "");
    await chmod(join(folder, "bin/brew"), 0o755);
    expect(resolveBrewExecutable({ homeDir: folder, env: { HOMEBREW_PREFIX: folder } })).toBe(
      join(folder, "bin/brew"),
    );
  });
});

function tar(files: { name: string; data?: string; flag?: string; mode?: number; link?: string }[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, data = "", flag = "0", mode = 0o644, link = "" } of files) {
    const body = Buffer.from(data);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
    header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(flag, 156);
    header.write(link, 157);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1_024)]);
}

function zip(files: { name: string; data: string; mode?: number; statedSize?: number }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, mode = 0o100644, statedSize } of files) {
    const [label, packed] = [Buffer.from(name), deflateRawSync(data)];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(label.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt8(3, 5);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(statedSize ?? data.length, 24);
    entry.writeUInt16LE(label.length, 28);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, label);
    parts.push(local, label, packed);
    offset += 30 + label.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}

describe("archives", () => {
  const unpack = async (name: string, bytes: Buffer, more: object = {}) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, name), bytes);
    const destDir = join(folder, "out");
    await extractArchive({ archivePath: join(folder, name), destDir, timeoutMs: 5_000, ...more });
    return destDir;
  };

  it("of both kinds are unpacked with their modes, long names and left-out folders", async () => {
    const long = `${"d".repeat(80)}/${"f".repeat(60)}.txt`;
    const pax = `${`path=${long}`.length + 5} path=${long}\n`;
    const out = await unpack(
      "a.tar.gz",
      gzipSync(
        tar([
          { name: "pkg/", flag: "5" },
          { name: "pkg/bin/tool", data: "x".repeat(1_000), mode: 0o4777 },
          { name: "pax", flag: "x", data: pax },
          { name: "short", data: "long" },
        ]),
      ),
    );
    expect((await readFile(join(out, "pkg/bin/tool"))).length).toBe(1_000);
    expect((await stat(join(out, "pkg/bin/tool"))).mode & 0o7777).toBe(0o755);
    expect(String(await readFile(join(out, long)))).toBe("long");
    const stripped = await unpack(
      "b.tgz",
      gzipSync(
        tar([
          { name: "pkg/a", data: "1" },
          { name: "top", data: "2" },
        ]),
      ),
      {
        stripComponents: 1,
      },
    );
    expect(await readdir(stripped)).toEqual(["a"]);
    const fromZip = await unpack(
      "c.zip",
      zip([
        { name: "dir/", data: "" },
        { name: "dir/a.txt", data: "zipped" },
      ]),
    );
    expect(String(await readFile(join(fromZip, "dir/a.txt")))).toBe("zipped");
  });

  it("that lead out, carry links or are broken are refused", async () => {
    const refused = (name: string, bytes: Buffer, more: object = {}) =>
      unpack(name, bytes, more).then(
        () => "unpacked",
        (error: { code?: string; message: string }) => error.code ?? error.message,
      );
    for (const name of ["../x", "a/../../x", "/etc/x", "C:\\x", "..\\x"]) {
      expect(await refused("a.tar", tar([{ name, data: "x" }])), name).toBe("outside-workspace");
      expect(await refused("a.zip", zip([{ name, data: "x" }])), name).toBe("outside-workspace");
    }
    for (const flag of ["1", "2", "3"]) {
      expect(await refused("a.tar", tar([{ name: "l", flag, link: "/etc/passwd" }]))).toBe("symlink");
    }
    expect(await refused("a.zip", zip([{ name: "l", data: "/etc", mode: 0o120777 }]))).toBe("symlink");
    const two = tar([
      { name: "a", data: "12345" },
      { name: "b", data: "12345" },
    ]);
    expect(await refused("a.tar", two, { limits: { maxEntries: 1 } })).toBe("too-large");
    expect(await refused("a.tar", two, { limits: { maxEntryBytes: 4 } })).toBe("too-large");
    expect(await refused("a.tar", two, { limits: { maxExtractedBytes: 9 } })).toBe("too-large");
    expect(await refused("a.tar", two, { limits: { maxExtractedBytes: 10, maxEntries: 2 } })).toBe(
      "unpacked",
    );
    expect(await refused("a.tar", two, { limits: { maxArchiveBytes: 100 } })).toBe("too-large");
    const bomb = zip([{ name: "bomb", data: "0".repeat(100_000), statedSize: 10 }]);
    expect(await refused("a.zip", bomb)).toContain("broken");
    const damaged = Buffer.from(two);
    damaged[3] = 0x7a;
    expect(await refused("a.tar", damaged)).toContain("checksum");
    expect(await refused("a.tar", two.subarray(0, 600))).toContain("ends too early");
    expect(await refused("a.tgz", Buffer.from("no gzip"))).not.toBe("unpacked");
    expect(await refused("a.zip", Buffer.from("no zip"))).toContain("no ZIP");
    expect(await refused("a.rar", Buffer.from(""))).toContain("unknown kind");
  });
});

describe("secrets of the configuration", () => {
  it("are their text, or what a reference points to", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "secret.json"), '{"chat":{"token":"from-file"}}');
    const config = {
      secrets: {
        providers: {
          files: { source: "file", path: join(folder, "secret.json") },
          narrow: { source: "env", allowlist: ["OTHER"] },
        },
      },
    };
    const env = { CHAT_TOKEN: "from-env" };
    const read = (value: unknown) =>
      resolveConfiguredSecretInputString({
        config,
        env,
        value,
        path: "channels.chat.token",
        unresolvedReasonStyle: "detailed",
      });
    expect(await read(" plain ")).toEqual({ value: "plain" });
    expect(await read("")).toEqual({});
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a setting names a variable
    expect((await read("${CHAT_TOKEN}")).value).toBe("from-env");
    expect((await read({ source: "file", provider: "files", id: "/chat/token" })).value).toBe("from-file");
    for (const ref of [
      { source: "env", provider: "default", id: "MISSING" },
      { source: "env", provider: "narrow", id: "CHAT_TOKEN" },
      { source: "exec", provider: "default", id: "x" },
    ]) {
      const { value, unresolvedRefReason } = await read(ref);
      expect(value).toBeUndefined();
      expect(unresolvedRefReason).toContain(
        `channels.chat.token refers to a secret that is not available (${ref.source}:`,
      );
    }
    const may = (provider: string, id: string, cfg: object = config) =>
      canResolveEnvSecretRefInReadOnlyPath({ cfg: cfg as never, provider, id });
    expect(may("default", "ANY")).toBe(true);
    expect(may("other", "ANY")).toBe(false);
    expect(may("files", "ANY")).toBe(false);
    expect(may("narrow", "OTHER")).toBe(true);
    expect(may("narrow", "ANY")).toBe(false);
    expect(may("mine", "ANY", { secrets: { defaults: { env: "mine" } } })).toBe(true);
  });

  it("are read from small files of their own", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "token");
    await writeFile(file, " s3cret\n");
    await symlink(file, join(folder, "link"));
    expect(await readSecretFile(file, "Token")).toBe("s3cret");
    expect(await readSecretFile(join(folder, "link"), "Token")).toBe("s3cret");
    await expect(readSecretFile(join(folder, "link"), "Token", { rejectSymlink: true })).rejects.toThrow(
      "symbolic link",
    );
    await expect(readSecretFile(file, "Token", { maxBytes: 7 })).rejects.toThrow("larger than 7 bytes");
    expect(await readSecretFile(file, "Token", { maxBytes: 8 })).toBe("s3cret");
    await writeFile(file, " \n");
    await expect(readSecretFile(file, "Token")).rejects.toThrow("empty");
  });
});
