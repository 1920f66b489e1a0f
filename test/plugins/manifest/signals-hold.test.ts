import { describe, expect, it } from "vitest";
import { readSignals } from "../../../src/plugins/manifest/signals.ts";
import { signalNeeds, signalsHold } from "../../../src/plugins/manifest/signals-hold.ts";

type Config = Record<string, unknown>;

function holds(manifest: Config, config: Config = {}, keys: readonly string[] = []): boolean {
  return signalsHold(readSignals(manifest), { config, hasAuth: (provider) => keys.includes(provider) });
}

const one = (signal: Config) => ({ configSignals: [signal] });
const chat = (settings: unknown) => ({ channels: { chat: settings } });

describe("signs in manifests that something is set up", () => {
  it("nothing that is asked for is always there", () => {
    expect(holds({})).toBe(true);
    expect(holds({ configSignals: [], authSignals: [] })).toBe(true);
  });

  it("one sign that is true is enough", () => {
    const both = {
      configSignals: [{ rootPath: "channels.chat", required: ["token"] }],
      authSignals: [{ provider: "acme" }],
    };
    expect(holds(both)).toBe(false);
    expect(holds(both, chat({ token: "t" }))).toBe(true);
    expect(holds(both, {}, ["acme"])).toBe(true);
  });

  it.each<[string, Config, unknown, boolean]>([
    ["all that is required", { required: ["id", "deep.secret"] }, { id: "i", deep: { secret: "s" } }, true],
    ["one of them missing", { required: ["id", "deep.secret"] }, { id: "i", deep: {} }, false],
    ["a blank text", { required: ["id"] }, { id: " " }, false],
    ["an empty list", { required: ["id"] }, { id: [] }, false],
    ["an empty table", { required: ["id"] }, { id: {} }, false],
    ["null", { required: ["id"] }, { id: null }, false],
    ["a number", { required: ["id"] }, { id: 0 }, true],
    ["a reference to a secret", { required: ["id"] }, { id: { source: "env", id: "CHAT_ID" } }, true],
    ["one of several", { requiredAny: ["id", "name"] }, { name: "n" }, true],
    ["none of several", { requiredAny: ["id", "name"] }, { other: "n" }, false],
    ["settings of another type", { required: ["length"] }, "text", false],
    ["names of prototypes", { required: ["constructor"] }, {}, false],
  ])("settings: %s", (_name, condition, settings, expected) => {
    expect(holds(one({ rootPath: "channels.chat", ...condition }), chat(settings))).toBe(expected);
    expect(holds(one({ rootPath: "channels.chat", ...condition }))).toBe(false);
  });

  it("settings of a part go over those of the whole", () => {
    const signal = one({ rootPath: "channels.chat", overlayPath: "search", required: ["id", "key"] });
    expect(holds(signal, chat({ id: "i", key: "k" }))).toBe(true);
    expect(holds(signal, chat({ id: "i", search: { key: "k" } }))).toBe(true);
    expect(holds(signal, chat({ id: "i", key: "k", search: { key: "" } }))).toBe(false);
  });

  it("any of the accounts may complete the settings of all", () => {
    const signal = one({ rootPath: "channels.chat", overlayMapPath: "accounts", required: ["id", "key"] });
    expect(holds(signal, chat({ id: "i", key: "k" }))).toBe(false);
    expect(holds(signal, chat({ id: "i", accounts: { a: { key: "" }, b: { key: "k" } } }))).toBe(true);
    expect(holds(signal, chat({ id: "i", accounts: { a: { key: "" }, b: 5 } }))).toBe(false);
  });

  it.each<[Config, string | undefined, boolean]>([
    [{ default: "local", allowed: ["local"] }, undefined, true],
    [{ default: "local", allowed: ["local"] }, "cloud", false],
    [{ allowed: ["local"] }, undefined, false],
    [{ disallowed: ["cloud"] }, undefined, true],
    [{ disallowed: ["cloud"] }, "cloud", false],
    [{ path: "kind", allowed: ["local"] }, "local", false],
  ])("mode %j with %s set is %s", (mode, set, expected) => {
    const config = chat({ id: "i", ...(set === undefined ? {} : { mode: set }) });
    expect(holds(one({ rootPath: "channels.chat", required: ["id"], mode }), config)).toBe(expected);
  });

  it("a key counts only at the addresses it is meant for", () => {
    const signal = {
      authSignals: [
        {
          provider: "acme",
          providerBaseUrl: { provider: "acme", allowedBaseUrls: ["https://a.example/v1"] },
        },
      ],
    };
    const at = (baseUrl: string) => ({ models: { providers: { Acme: { baseUrl } } } });
    expect(holds(signal, {}, ["acme"])).toBe(false);
    expect(holds(signal, at("https://a.example/v1/"), ["acme"])).toBe(true);
    expect(holds(signal, at("https://b.example/v1"), ["acme"])).toBe(false);
    expect(holds(signal, at("https://a.example/v1"), [])).toBe(false);
    const usual = structuredClone(signal);
    Object.assign(usual.authSignals[0]?.providerBaseUrl ?? {}, { defaultBaseUrl: "https://A.example/v1" });
    expect(holds(usual, {}, ["acme"])).toBe(true);
    expect(holds(usual, at("https://b.example"), ["acme"])).toBe(false);
  });

  it("says what is missing, in words", () => {
    const signals = readSignals({
      configSignals: [
        { rootPath: "channels.chat", required: ["id", "key"] },
        { rootPath: "channels.chat", overlayMapPath: "accounts", requiredAny: ["id", "key"] },
        {
          rootPath: "channels.chat",
          overlayPath: "search",
          mode: { allowed: ["a", "b"], disallowed: ["c"] },
        },
      ],
      authSignals: [{ provider: "acme" }],
    });
    expect(signalNeeds(signals)).toEqual([
      "channels.chat: id and key",
      "channels.chat.accounts.*: id or key",
      "channels.chat.search: mode a or b; mode other than c",
      "a key for acme",
    ]);
  });
});
