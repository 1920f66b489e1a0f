import { describe, expect, it } from "vitest";
import { pluginBench } from "./support.ts";

const VOICE = (id: string, members: string) =>
  `api.registerRealtimeVoiceProvider({ id: "${id}", label: "${id}", createBridge() {}, ${members} });`;

const VENDOR = {
  id: "vendor",
  manifest: {
    contracts: {
      realtimeVoiceProviders: ["late", "early"],
      realtimeTranscriptionProviders: ["ears"],
      transcriptSourceProviders: ["minutes"],
    },
  },
  register: `
    ${VOICE("late", `autoSelectOrder: 20, aliases: ["slow"], isConfigured: ({ providerConfig }) => providerConfig.key === "k", resolveConfig: ({ rawConfig }) => ({ ...rawConfig, resolved: true }),`)}
    ${VOICE("early", `autoSelectOrder: 10, defaultModel: "small", isConfigured: ({ providerConfig }) => Boolean(providerConfig.key),`)}
    api.registerRealtimeTranscriptionProvider(() => ({ id: "ears", label: "Ears", aliases: ["hearing"], isConfigured: () => true,
      createSession: ({ onTranscript }) => ({ async connect() { onTranscript("hello"); }, sendAudio() {}, close() {}, isConnected: () => true }) }));
    api.registerTranscriptSourceProvider({ id: "minutes", name: "Minutes", sourceKinds: ["posthoc-transcript"] });
    api.registerSpeechProvider({ id: "mouth", label: "Mouth", aliases: ["lips"], isConfigured: () => true, synthesize: async () => ({}) });
    api.registerImageGenerationProvider({ id: "painter", capabilities: { generate: {} },
      generateImage: async ({ prompt }) => ({ images: [{ buffer: Buffer.from(prompt), mimeType: "image/png" }] }) });`,
};

/** Without the providers that come with the gateway. */
const ALONE = { config: { plugins: { deny: ["openai-compatible"] } } };

describe("providers of plugins, looked up by a feature plugin", () => {
  it("[F037] [F038] [F041] [F042] by id and alias, in any case", async () => {
    const { run } = await pluginBench({ others: [VENDOR], ...ALONE });
    const found = await run(`
      const ears = await sdk("realtime-transcription");
      const mouth = await sdk("speech");
      const minutes = await sdk("transcripts");
      const { generateImage, listRuntimeImageGenerationProviders } = await sdk("image-generation-runtime");
      const heard = [];
      const session = ears.getRealtimeTranscriptionProvider(" HEARING ").createSession({ onTranscript: (text) => heard.push(text) });
      await session.connect();
      const { images } = await generateImage({ prompt: "tree", cfg: api.config });
      return {
        ears: ears.listRealtimeTranscriptionProviders(api.config).map(({ id }) => id), heard, connected: session.isConnected(),
        mouth: [mouth.canonicalizeSpeechProviderId("LIPS"), mouth.canonicalizeSpeechProviderId("Other"), mouth.getSpeechProvider(undefined) ?? "none"],
        minutes: minutes.getTranscriptSourceProvider("minutes").name,
        painted: images[0].buffer.toString(), painters: listRuntimeImageGenerationProviders({ config: api.config }).map(({ id }) => id),
      };`);
    expect(found).toEqual({
      ears: ["ears"],
      heard: ["hello"],
      connected: true,
      mouth: ["mouth", "other", "none"],
      minutes: "Minutes",
      painted: "tree",
      painters: ["painter"],
    });
  });

  it("[F039] a voice session takes the named provider, or the first that is configured", async () => {
    const { run } = await pluginBench({ others: [VENDOR], ...ALONE });
    const choose = (params: object) =>
      run(
        `const { resolveConfiguredRealtimeVoiceProvider } = await sdk("realtime-voice");
         const { provider, providerConfig } = resolveConfiguredRealtimeVoiceProvider({ cfg: api.config, ...params.choice });
         return { id: provider.id, ...providerConfig };`,
        { choice: params },
      );
    const both = { late: { key: "k" }, EARLY: { key: "e", voice: "v" } };
    expect(await choose({ providerConfigs: both, useProviderDefaultModel: true })).toEqual({
      id: "early",
      key: "e",
      voice: "v",
      model: "small",
    });
    expect(await choose({ providerConfigs: { slow: { key: "k" } }, defaultModel: "m" })).toEqual({
      id: "late",
      key: "k",
      model: "m",
      resolved: true,
    });
    const named = { configuredProviderId: "SLOW", providerConfigs: both };
    expect(await choose({ ...named, providerConfigOverrides: { voice: "x" } })).toMatchObject({
      id: "late",
      voice: "x",
    });
    await expect(choose({ configuredProviderId: "slow" })).rejects.toThrow('"late" is not configured');
    await expect(choose({ configuredProviderId: "gone" })).rejects.toThrow('"gone" is not registered');
    await expect(choose({})).rejects.toThrow("No realtime voice provider is configured");
    await expect(choose({ providers: [], noRegisteredProviderMessage: "nobody speaks" })).rejects.toThrow(
      "nobody speaks",
    );
  });
});
