import { describe, expect, it } from "vitest";
import { createTestPluginApi } from "../../src/plugin-sdk/plugin-test-api.ts";
import {
  createPluginRuntimeMock,
  createRuntimeEnv,
  createTestWizardPrompter,
  registerProviderPlugin,
  registerProviderPlugins,
  registerSingleProviderPlugin,
  requireRegisteredProvider,
} from "../../src/plugin-sdk/plugin-test-runtime.ts";
import { pluginBench } from "./support.ts";

describe("for tests of plugins", () => {
  it("[F272] the api has every member of the real one, and does nothing", async () => {
    const { run } = await pluginBench();
    const missing = await run(`
      const { createTestPluginApi } = await sdk("plugin-test-api");
      const test = createTestPluginApi();
      const compare = (real, made, path) => Reflect.ownKeys(real).filter((key) => typeof key === "string").flatMap((key) => {
        if (["runtime", "config", "pluginConfig", "logger", "signal"].includes(key)) return [];
        const [one, other] = [real[key], made?.[key]];
        if (typeof one === "function") return typeof other === "function" ? [] : [path + key];
        return one !== null && typeof one === "object" ? compare(one, other, path + key + ".") : [];
      });
      return { names: Reflect.ownKeys(api).length, missing: compare(api, test, "") };`);
    expect(missing).toEqual({ names: expect.any(Number), missing: [] });
    expect(missing.names).toBeGreaterThan(70);
    const api = createTestPluginApi();
    expect(api.registerTool({ name: "x" } as never)).toBeUndefined();
    expect(await api.session.workflow.enqueueNextTurnInjection({} as never)).toEqual({ enqueued: false });
    expect(api.emitAgentEvent({} as never)).toEqual({ emitted: false });
    expect(api.resolvePath("a/b")).toBe("a/b");
  });

  it("[F272] overrides serve the flat and the grouped names", () => {
    const said: unknown[] = [];
    const api = createTestPluginApi({
      id: "mine",
      registerSessionAction: (action: unknown) => said.push(action),
      on: (name: unknown) => said.push(name),
    });
    api.session.controls.registerSessionAction({ id: "a" } as never);
    api.on("gateway_start", () => {});
    expect([api.id, ...said]).toEqual(["mine", { id: "a" }, "gateway_start"]);
  });

  it("[F272] the runtime holds a configuration, and the rest of it is there", async () => {
    const runtime = createPluginRuntimeMock({ tts: { listVoices: async () => ["eve"] } });
    expect(runtime.config.current()).toEqual({});
    const written = await runtime.config.mutateConfigFile({
      afterWrite: { mode: "restart", reason: "x" },
      mutate: (draft) => {
        draft["gateway"] = { port: 1 };
      },
    });
    expect(written.followUp).toMatchObject({ mode: "restart", requiresRestart: true });
    expect(runtime.config.current()).toEqual({ gateway: { port: 1 } });
    expect(await runtime.tts["listVoices"]?.({})).toEqual(["eve"]);
    expect(await runtime.mediaUnderstanding["describeImageFile"]?.({})).toBeUndefined();
    const fixed = createPluginRuntimeMock({ config: { current: () => ({ mine: true }) } });
    expect(fixed.config.current()).toEqual({ mine: true });
    expect(typeof fixed.config.mutateConfigFile).toBe("function");
  });

  it("[F272] providers are captured as they were registered", async () => {
    const plugin = {
      register(api: ReturnType<typeof createTestPluginApi>) {
        api.registerProvider({ id: "acme", label: "Acme", auth: [] });
        api.registerSpeechProvider((context) => ({ id: context.pluginId, label: "S" }) as never);
      },
    };
    const { providers, speechProviders, imageProviders } = await registerProviderPlugin({
      plugin,
      id: "acme-plugin",
      name: "Acme",
    });
    expect(requireRegisteredProvider(providers, "acme").label).toBe("Acme");
    expect(speechProviders.map(({ id }) => id)).toEqual(["acme-plugin"]);
    expect(imageProviders).toEqual([]);
    expect((await registerSingleProviderPlugin(plugin)).id).toBe("acme");
    expect(await registerProviderPlugins(plugin, plugin)).toHaveLength(2);
    expect(() => requireRegisteredProvider(providers, "gone", "model provider")).toThrow(
      'model provider "gone" was not registered',
    );
    await expect(registerSingleProviderPlugin({ register() {} })).rejects.toThrow("no model provider");
  });

  it("[F272] prompts answer at once, and exit is seen", async () => {
    const prompter = createTestWizardPrompter({ text: async () => "typed" }) as Record<
      string,
      (question: object) => Promise<unknown>
    >;
    expect(await prompter["select"]?.({ options: [{ value: 7 }] })).toBe(7);
    expect(await prompter["text"]?.({})).toBe("typed");
    expect(await prompter["confirm"]?.({})).toBe(false);
    expect(() => createRuntimeEnv().exit(3)).toThrow("exit 3");
    expect(createRuntimeEnv({ throwOnExit: false }).exit(3)).toBeUndefined();
  });
});
