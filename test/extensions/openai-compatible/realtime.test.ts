import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { buildOpenAIRealtimeTranscriptionProvider } from "../../../extensions/openai-compatible/realtime/transcription.ts";
import { buildOpenAIRealtimeVoiceProvider } from "../../../extensions/openai-compatible/realtime/voice.ts";
import { pluginBench } from "../../plugin-sdk/support.ts";

// biome-ignore lint/suspicious/noExplicitAny: events are asserted on, field by field
type WireEvent = any;

/** A server of the realtime protocol: takes the session's settings and then does what `script` says. */
async function realtimeServer(script: (event: WireEvent, send: (event: object) => void) => void = () => {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const heard: WireEvent[] = [];
  const opened: { url: string; key: string | undefined }[] = [];
  const sockets: WebSocket[] = [];
  server.on("connection", (socket: WebSocket, request: IncomingMessage) => {
    opened.push({ url: request.url ?? "", key: request.headers.authorization });
    sockets.push(socket);
    const send = (event: object) => socket.send(JSON.stringify(event));
    send({ type: "session.created" });
    socket.on("message", (data) => {
      const event = JSON.parse(String(data));
      heard.push(event);
      if (event.type === "session.update") send({ type: "session.updated" });
      script(event, send);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.terminate();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const providerConfig = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    apiKey: "sk-realtime",
  };
  return { heard, opened, sockets, providerConfig };
}

const audioOf = (text: string) => Buffer.from(text).toString("base64");
const types = (events: WireEvent[]) => events.map(({ type }) => type);

describe("realtime providers of the public file of the OpenAI plugin", () => {
  it("[F027] transcribe what is said, from inside another plugin", async () => {
    const server = await realtimeServer((event, send) => {
      if (event.type !== "input_audio_buffer.append") return;
      send({ type: "input_audio_buffer.speech_started", item_id: "i1" });
      for (const delta of ["good ", "morning"])
        send({ type: "conversation.item.input_audio_transcription.delta", item_id: "i1", delta });
      send({
        type: "conversation.item.input_audio_transcription.completed",
        item_id: "i1",
        transcript: "Good morning. ",
      });
    });
    const { run } = await pluginBench();
    const result = await run(
      `const { loadBundledPluginPublicSurfaceModule: load } = await sdk("facade-runtime");
       const openai = await load({ pluginId: "openai-compatible", artifactBasename: "api.js" });
       const provider = openai.buildOpenAIRealtimeTranscriptionProvider();
       const said = [];
       await new Promise(async (resolve, reject) => {
         const session = provider.createSession({
           providerConfig: { ...params.providerConfig, language: "en", prompt: "greetings", silenceDurationMs: 300, audioEncoding: "pcm16" },
           onSpeechStart: () => said.push("start"), onPartial: (text) => said.push(text), onError: reject,
           onTranscript: (text) => { said.push(text, session.isConnected()); session.close(); session.sendAudio(Buffer.from("late")); resolve(); },
         });
         said.push(session.isConnected());
         await session.connect().catch(reject);
         session.sendAudio(Buffer.from("sound"));
       });
       return { said, configured: [provider.isConfigured({ providerConfig: params.providerConfig }),
         provider.isConfigured({ cfg: { models: { providers: { openai: { apiKey: "k" } } } }, providerConfig: {} })] };`,
      { providerConfig: server.providerConfig },
    );
    expect(result).toEqual({
      said: [false, "start", "good ", "good morning", "Good morning.", true],
      configured: [true, true],
    });
    expect(server.opened).toEqual([{ url: "/v1/realtime?intent=transcription", key: "Bearer sk-realtime" }]);
    expect(server.heard).toEqual([
      {
        type: "session.update",
        session: {
          type: "transcription",
          audio: {
            input: {
              format: { type: "audio/pcm", rate: 24_000 },
              transcription: { model: "gpt-4o-transcribe", language: "en", prompt: "greetings" },
              turn_detection: { type: "server_vad", silence_duration_ms: 300 },
            },
          },
        },
      },
      { type: "input_audio_buffer.append", audio: audioOf("sound") },
    ]);
  });

  it("[F027] hold a conversation: speech, words, tools, and silence when somebody interrupts", async () => {
    const server = await realtimeServer((event, send) => {
      if (event.type === "response.create" && !event.response) {
        send({ type: "response.created", response: { id: "r2" } });
        send({
          type: "response.output_audio.delta",
          response_id: "r2",
          item_id: "a2",
          delta: audioOf("four"),
        });
        send({ type: "input_audio_buffer.speech_started" });
      }
      if (event.type === "response.create" && event.response) {
        send({ type: "response.created", response: { id: "r1" } });
        send({
          type: "response.output_audio.delta",
          response_id: "r1",
          item_id: "a1",
          delta: audioOf("hello"),
        });
        send({ type: "response.output_audio_transcript.done", item_id: "a1", transcript: "Hello!" });
        send({ type: "response.done", response: { id: "r1", status: "completed" } });
        send({
          type: "conversation.item.input_audio_transcription.completed",
          item_id: "u1",
          transcript: " add two and two",
        });
        send({
          type: "response.function_call_arguments.done",
          item_id: "f1",
          call_id: "c1",
          name: "add",
          arguments: '{"a":2}',
        });
      }
    });
    const told: unknown[] = [];
    let clock = 0;
    const provider = buildOpenAIRealtimeVoiceProvider();
    await new Promise<void>((resolve, reject) => {
      const bridge = provider.createBridge({
        providerConfig: { ...server.providerConfig, voice: "cedar", vadThreshold: 3 },
        instructions: "Be kind.",
        tools: [{ type: "function", name: "add", description: "Adds.", parameters: { type: "object" } }],
        onAudio: (audio) => {
          told.push(["audio", String(audio)]);
          clock += 500;
          bridge.setMediaTimestamp(clock);
        },
        onClearAudio: (reason) => {
          told.push(["clear", reason]);
          bridge.close();
        },
        onMark: (name) => told.push(["mark", name]),
        onTranscript: (role, text, isFinal) => told.push([role, text, isFinal]),
        onResponseDone: (outcome) => {
          told.push(outcome);
          bridge.acknowledgeMark();
        },
        onToolCall: (call) => {
          told.push(call);
          bridge.submitToolResult(call.callId, { sum: 4 });
        },
        onReady: () => bridge.triggerGreeting("Say hello."),
        onError: reject,
        onClose: (reason) => {
          told.push(["close", reason, bridge.isConnected()]);
          resolve();
        },
      });
      bridge.connect().catch(reject);
    });
    expect(told).toEqual([
      ["audio", "hello"],
      ["mark", "audio-1"],
      ["assistant", "Hello!", true],
      { status: "completed", responseId: "r1" },
      ["user", "add two and two", true],
      { itemId: "f1", callId: "c1", name: "add", args: { a: 2 } },
      ["audio", "four"],
      ["mark", "audio-2"],
      ["clear", "barge-in"],
      ["close", "completed", false],
    ]);
    expect(server.opened[0]?.url).toBe("/v1/realtime?model=gpt-realtime");
    const [settings, ...rest] = server.heard;
    expect(settings.session).toMatchObject({
      type: "realtime",
      instructions: "Be kind.",
      output_modalities: ["audio"],
      audio: {
        input: {
          format: { type: "audio/pcmu" },
          turn_detection: { type: "server_vad", threshold: 1, create_response: true },
        },
        output: { format: { type: "audio/pcmu" }, voice: "cedar" },
      },
      tools: [{ type: "function", name: "add" }],
    });
    expect(types(rest)).toEqual([
      "response.create",
      "conversation.item.create",
      "response.create",
      "response.cancel",
      "conversation.item.truncate",
    ]);
    expect(rest[1].item).toEqual({ type: "function_call_output", call_id: "c1", output: '{"sum":4}' });
    expect(rest[4]).toMatchObject({ item_id: "a2", content_index: 0, audio_end_ms: 500 });
  });

  it("[F027] say why a session did not open, and when it broke", async () => {
    const refusing = await realtimeServer();
    const errors: string[] = [];
    const create = (providerConfig: object, more = {}) =>
      buildOpenAIRealtimeVoiceProvider().createBridge({
        providerConfig: providerConfig as Record<string, unknown>,
        onAudio() {},
        onClearAudio() {},
        onError: (error) => errors.push(error.message),
        ...more,
      });
    const keyless = create({ baseUrl: refusing.providerConfig.baseUrl });
    if (!process.env["OPENAI_API_KEY"]) await expect(keyless.connect()).rejects.toThrow("OPENAI_API_KEY");
    await expect(create({ baseUrl: "http://127.0.0.1:1/v1", apiKey: "k" }).connect()).rejects.toThrow(
      "ECONNREFUSED",
    );
    const invalid = await realtimeServer((event, send) => {
      if (event.type === "session.update") send({ type: "error", error: { message: "no such voice" } });
    });
    // This server also says that it took the settings; whichever comes first counts.
    await create(invalid.providerConfig).connect();
    await expect.poll(() => errors).toContain("no such voice");
    const broken = await realtimeServer((event, send) => {
      if (event.type === "response.create") send({ type: "go" });
    });
    const closed: string[] = [];
    const bridge = create(broken.providerConfig, { onClose: (reason: string) => closed.push(reason) });
    await bridge.connect();
    await expect(bridge.connect()).rejects.toThrow("opened once");
    broken.sockets[0]?.terminate();
    await expect.poll(() => closed).toEqual(["error"]);
    expect(bridge.isConnected()).toBe(false);
    const session = buildOpenAIRealtimeTranscriptionProvider().createSession({ providerConfig: {} });
    session.sendAudio(Buffer.from("nobody listens"));
    session.close();
  });
});

describe("builders and defaults of the public file of the OpenAI plugin", () => {
  it("[F027] give the provider, the default model and configurations with it; the plugin registers the same", async () => {
    const { run, call } = await pluginBench();
    const result = await run(`
      const { loadActivatedBundledPluginPublicSurfaceModule: load } = await sdk("facade-runtime");
      const openai = await load({ pluginId: "openai-compatible", artifactBasename: "api" });
      const provider = openai.buildOpenAIProvider({ apiKey: "k", baseUrl: "http://127.0.0.1:1/v1" });
      return {
        names: Object.keys(openai).sort(), id: provider.id, apis: provider.servesApis,
        model: provider.resolveDynamicModel({ modelId: "any", env: {}, config: {} }),
        fresh: openai.applyOpenAIConfig({ gateway: { port: 1 } }),
        kept: openai.applyOpenAIProviderConfig({ models: { providers: { openai: { baseUrl: "http://own/v1", models: [{ id: "x" }] } } } }),
        same: openai.OPENAI_DEFAULT_MODEL === "openai/" + openai.OPENAI_DEFAULT_MODEL_ID,
      };`);
    const { model, fresh, kept, ...rest } = result;
    expect(rest).toEqual({
      names: [
        "OPENAI_DEFAULT_MODEL",
        "OPENAI_DEFAULT_MODEL_ID",
        "applyOpenAIConfig",
        "applyOpenAIProviderConfig",
        "buildOpenAIProvider",
        "buildOpenAIRealtimeTranscriptionProvider",
        "buildOpenAIRealtimeVoiceProvider",
      ],
      id: "openai",
      apis: ["openai-completions"],
      same: true,
    });
    expect(model).toEqual({ id: "any", api: "openai-completions", baseUrl: "http://127.0.0.1:1/v1" });
    const { primary } = fresh.agents.defaults.model;
    expect(primary).toMatch(/^openai\//);
    expect(fresh.gateway).toEqual({ port: 1 });
    expect(fresh.models.providers.openai).toMatchObject({
      baseUrl: "https://api.openai.com/v1",
      models: [{ id: primary.slice("openai/".length) }],
    });
    expect(kept.models.providers.openai.baseUrl).toBe("http://own/v1");
    expect(kept.models.providers.openai.models).toHaveLength(2);
    expect(kept.agents.defaults.model).toBeUndefined();
    const { contributions } = await call("plugins.inspect", { pluginId: "openai-compatible" });
    expect(contributions).toMatchObject({
      realtimeTranscriptionProvider: ["openai"],
      realtimeVoiceProvider: ["openai"],
    });
  });
});
