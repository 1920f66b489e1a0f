import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildRealtimeVoiceAgentErrorProviderResult,
  buildRealtimeVoiceSessionInstructions,
  buildRealtimeVoiceSpeakExactMessage,
  classifyRealtimeVoiceConsultToolCall,
  classifySkippableRealtimeVoiceConsultTranscript,
  createRealtimeVoiceAgentTalkbackQueue,
  matchRealtimeVoiceConsultQuestions,
  parseRealtimeVoiceAgentControlToolArgs,
  REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME,
  REALTIME_VOICE_AGENT_CONTROL_TOOL,
  resolveRealtimeVoiceAgentConsultTools,
  shouldAutoControlRealtimeVoiceAgentText,
} from "../../src/plugin-sdk/realtime-voice.ts";
import {
  isSupportedRealtimeVoiceActivationName,
  matchRealtimeVoiceActivationName,
  normalizeRealtimeVoiceActivationNamePrefix,
  sortRealtimeVoiceActivationNames,
} from "../../src/plugin-sdk/realtime-voice-activation.ts";
import {
  convertPcmToMulaw8k,
  createRealtimeVoiceOutputActivityTracker,
  createStreamingPcmResampler,
  isRealtimeVoiceAudioAudible,
  mulawToPcm,
  pcmToMulaw,
  REALTIME_VOICE_AUDIO_FORMAT_G711_ULAW_8KHZ,
  REALTIME_VOICE_AUDIO_FORMAT_PCM16_24KHZ,
  realtimeVoiceAudioDurationMs,
  resamplePcm,
} from "../../src/plugin-sdk/realtime-voice-provider.ts";

const pcmOf = (samples: readonly number[]) => {
  const out = Buffer.alloc(samples.length * 2);
  for (const [index, value] of samples.entries()) out.writeInt16LE(Math.round(value), index * 2);
  return out;
};
const samplesOf = (pcm: Buffer) =>
  Array.from({ length: pcm.length / 2 }, (_, index) => pcm.readInt16LE(index * 2));
const tone = (hertz: number, rate: number, count: number) =>
  pcmOf(Array.from({ length: count }, (_, index) => 10_000 * Math.sin((2 * Math.PI * hertz * index) / rate)));

describe("speech as telephones send it", () => {
  it("is coded as G.711 says", () => {
    // The ends and the middle of the scale, from the recommendation's table.
    expect([...pcmToMulaw(pcmOf([0, 32_767, -32_768]))]).toEqual([0xff, 0x80, 0x00]);
    expect(samplesOf(mulawToPcm(Buffer.from([0xff, 0x80, 0x00, 0x7f])))).toEqual([0, 32_124, -32_124, 0]);
  });

  it("comes back from every byte as it was, and from every sample within one step", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const again = pcmToMulaw(mulawToPcm(bytes));
    // Two bytes mean silence.
    expect([...again].filter((byte, index) => byte !== index)).toEqual([0xff]);
    fc.assert(
      fc.property(fc.integer({ min: -32_635, max: 32_635 }), (sample) => {
        const [heard = Number.NaN] = samplesOf(mulawToPcm(pcmToMulaw(pcmOf([sample]))));
        expect(Math.abs(heard - sample)).toBeLessThanOrEqual(Math.max(4, Math.abs(sample) / 16));
      }),
    );
  });

  it("keeps its tone at another sample rate", () => {
    const half = resamplePcm(tone(440, 48_000, 4_800), 48_000, 24_000);
    expect(half).toHaveLength(4_800);
    const wanted = samplesOf(tone(440, 24_000, 2_400));
    const worst = samplesOf(half)
      .slice(100, 2_300)
      .map((value, index) => Math.abs(value - (wanted[index + 100] ?? 0)));
    expect(Math.max(...worst)).toBeLessThan(150);
    // What the lower rate cannot carry is filtered out instead of becoming another tone.
    expect(
      isRealtimeVoiceAudioAudible(
        resamplePcm(tone(11_000, 24_000, 4_800), 24_000, 8_000).subarray(200, -200),
        {
          encoding: "pcm16",
          sampleRateHz: 8_000,
          channels: 1,
        },
      ),
    ).toBe(false);
    expect(convertPcmToMulaw8k(tone(440, 24_000, 2_400), 24_000)).toHaveLength(800);
  });

  it("is the same in pieces as in one", () => {
    const whole = tone(700, 24_000, 1_200);
    const all = resamplePcm(whole, 24_000, 48_000);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 6 }), (cuts) => {
        const resampler = createStreamingPcmResampler(24_000, 48_000);
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => resampler.process(whole.subarray(at[index], end)));
        expect(Buffer.concat([...pieces, resampler.flush()]).equals(all)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("lasts as long as its bytes, and is heard above the noise of a quiet line", () => {
    expect(realtimeVoiceAudioDurationMs(REALTIME_VOICE_AUDIO_FORMAT_PCM16_24KHZ, 48_000)).toBe(1_000);
    expect(realtimeVoiceAudioDurationMs(REALTIME_VOICE_AUDIO_FORMAT_G711_ULAW_8KHZ, 800)).toBe(100);
    const format = REALTIME_VOICE_AUDIO_FORMAT_PCM16_24KHZ;
    expect(isRealtimeVoiceAudioAudible(tone(440, 24_000, 240), format)).toBe(true);
    expect(isRealtimeVoiceAudioAudible(pcmOf([1, -2, 3, 0, -1]), format)).toBe(false);
    expect(isRealtimeVoiceAudioAudible(Buffer.alloc(0), format)).toBe(false);
  });

  it("is counted while it is played", () => {
    let now = 1_000;
    const tracker = createRealtimeVoiceOutputActivityTracker({ now: () => now });
    expect(tracker.isActive()).toBe(false);
    tracker.markAudio({ audioMs: 500, sourceAudioBytes: 24_000, sinkAudioBytes: 96_000 });
    tracker.markAudio({ audioMs: -5 });
    expect(tracker.isActive()).toBe(true);
    expect(tracker.playbackWatchdogDelayMs({ marginMs: 100 })).toBeUndefined();
    tracker.markPlaybackStarted();
    now += 200;
    expect(tracker.elapsedPlaybackMs()).toBe(200);
    expect(tracker.playbackWatchdogDelayMs({ marginMs: 100 })).toBe(400);
    tracker.markStreamEnding();
    expect([tracker.isActive(), tracker.isInterruptible()]).toEqual([false, true]);
    now += 400;
    expect(tracker.isInterruptible()).toBe(false);
    expect(tracker.snapshot()).toMatchObject({
      audioMs: 500,
      chunks: 2,
      sourceAudioBytes: 24_000,
      streamEnding: true,
    });
    tracker.markStreamOpened();
    expect(tracker.snapshot()).toMatchObject({ audioMs: 500, playbackStarted: false, streamEnding: false });
    tracker.reset();
    expect(tracker.snapshot()).toMatchObject({ audioMs: 0, chunks: 0 });
  });
});

describe("names by which a voice assistant is called", () => {
  const match = (text: string, ...names: string[]) => matchRealtimeVoiceActivationName(text, names);

  it("are found at the beginning and at the end, and taken away", () => {
    expect(match("Hey Molty, what is new?", "molty")).toEqual({
      allowed: true,
      text: "what is new?",
      activationName: "molty",
      heardName: "Molty",
      match: "exact",
      edge: "leading",
    });
    expect(match("what is new, Molty?", "molty")).toMatchObject({ text: "what is new", edge: "trailing" });
    expect(match("open claw tell me", "OpenClaw")).toMatchObject({ heardName: "open claw", text: "tell me" });
    expect(match("I asked molty yesterday about it", "molty")).toBeUndefined();
    expect(match("anything", "", "  ")).toBeUndefined();
  });

  it("may be misheard by one letter when they are long enough", () => {
    expect(match("sluyce, go", "sluice")).toMatchObject({ match: "fuzzy", activationName: "sluice" });
    expect(match("bluice, go", "sluice")).toBeUndefined();
    expect(match("moly, go", "moll")).toBeUndefined();
    expect(match("sluice box now", "sluice", "sluice box")).toMatchObject({ activationName: "sluice box" });
  });

  it("have one or two words", () => {
    expect(["a", "a b", "a b c", " "].map((name) => isSupportedRealtimeVoiceActivationName(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(normalizeRealtimeVoiceActivationNamePrefix("hey, dear friend")).toBe("hey dear");
    expect(sortRealtimeVoiceActivationNames(["b", "aa", "a"])).toEqual(["aa", "a", "b"]);
  });
});

describe("a speaking model that asks the agent", () => {
  it("has its calls read, and an echo of what it was told to say answered with that", () => {
    expect(
      classifyRealtimeVoiceConsultToolCall('{"question":"How late is it?","context":"in Rome"}'),
    ).toEqual({
      kind: "consult",
      message: "How late is it?\n\nContext: in Rome",
    });
    expect(classifyRealtimeVoiceConsultToolCall({ question: " " })).toMatchObject({ kind: "malformed" });
    expect(
      classifyRealtimeVoiceConsultToolCall(
        { question: "say: it is noon!" },
        { retainedExactSpeechTexts: ["It is noon."] },
      ),
    ).toEqual({ kind: "exact-speech-echo", text: "It is noon." });
    expect(parseRealtimeVoiceAgentControlToolArgs({ text: " stop it ", mode: "cancel" })).toEqual({
      text: "stop it",
      mode: "cancel",
    });
    expect(() => parseRealtimeVoiceAgentControlToolArgs({ mode: "cancel" })).toThrow(/text/);
  });

  it("is not asked what is no question", () => {
    const why = classifySkippableRealtimeVoiceConsultTranscript;
    expect([" ", "Thank you!", "I wanted to...", "send it to", "what is the weather"].map(why)).toEqual([
      "empty",
      "non-actionable-closing",
      "incomplete-transcript",
      "trailing-fragment",
      undefined,
    ]);
    expect(
      matchRealtimeVoiceConsultQuestions("What's the weather in Rome?", "tell me the weather in rome"),
    ).toBe(true);
    expect(matchRealtimeVoiceConsultQuestions("weather in Rome", "traffic in Oslo")).toBe(false);
    expect(
      ["stop that", "how is it going", "what is the capital of Peru"].map(
        shouldAutoControlRealtimeVoiceAgentText,
      ),
    ).toEqual([true, true, false]);
  });

  it("is given tools and instructions by policy", () => {
    const names = (policy: "none" | "owner") =>
      resolveRealtimeVoiceAgentConsultTools(policy, [REALTIME_VOICE_AGENT_CONTROL_TOOL]).map(
        ({ name }) => name,
      );
    expect(names("owner")).toEqual([
      REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME,
      REALTIME_VOICE_AGENT_CONTROL_TOOL.name,
    ]);
    expect(names("none")).toEqual([REALTIME_VOICE_AGENT_CONTROL_TOOL.name]);
    const told = buildRealtimeVoiceSessionInstructions({
      base: "Be brief.",
      toolPolicy: "owner",
      consultPolicy: "always",
    });
    expect(told).toMatch(/^Be brief\.\n\nCall openclaw_agent_consult before/);
    expect(buildRealtimeVoiceSessionInstructions({ base: "Be brief.", toolPolicy: "none" })).toBe(
      "Be brief.",
    );
    expect(buildRealtimeVoiceSpeakExactMessage({ text: 'Say "no"', surfaceLabel: "the room" })).toContain(
      '"Say \\"no\\""',
    );
    expect(buildRealtimeVoiceAgentErrorProviderResult(new Error("offline"))).toEqual({ error: "offline" });
    expect(buildRealtimeVoiceAgentErrorProviderResult(new DOMException("over", "AbortError"))).toMatchObject({
      status: "cancelled",
    });
  });

  it("gets one question for sentences in quick succession, and a fallback when the agent fails", async () => {
    const asked: string[] = [];
    const spoken: string[] = [];
    const warnings: string[] = [];
    let done = () => {};
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    const queue = createRealtimeVoiceAgentTalkbackQueue({
      debounceMs: 5,
      isStopped: () => false,
      logger: { warn: (line) => void warnings.push(line) },
      logPrefix: "test",
      responseStyle: "brief",
      fallbackText: "Sorry.",
      async consult({ question, responseStyle, metadata }) {
        asked.push(`${question}|${responseStyle}|${metadata}`);
        if (metadata === "b") throw new Error("offline");
        return { text: "Yes." };
      },
      deliver(text) {
        spoken.push(text);
        if (spoken.length === 2) done();
      },
    });
    queue.enqueue("One.", "a");
    queue.enqueue("Two.", "a");
    queue.enqueue("Three.", "b");
    expect(queue.isIdle()).toBe(false);
    await finished;
    await Promise.resolve();
    expect(asked).toEqual(["One.\nTwo.|brief|a", "Three.|brief|b"]);
    expect(spoken).toEqual(["Yes.", "Sorry."]);
    expect(warnings).toHaveLength(1);
    queue.close();
    queue.enqueue("Four.");
    expect(queue.isIdle()).toBe(true);
  });
});
