import { textOf } from "../endpoints.ts";
import { type RealtimeEvent, SessionSocket } from "./session-socket.ts";
import { type RealtimeSettings, realtimeEndpoint, turnDetection, wireFormat } from "./settings.ts";

export const OPENAI_DEFAULT_TRANSCRIPTION_MODEL = "gpt-4o-transcribe";
/** Speakers whose words are put together at one time. */
const MAX_OPEN_ITEMS = 64;

interface TranscriptionRequest {
  cfg?: Readonly<Record<string, unknown>>;
  /** `apiKey`, `baseUrl`, `model`, `language`, `prompt`, `audioEncoding`, `vadThreshold`, `silenceDurationMs`. */
  providerConfig: RealtimeSettings;
  /** What was understood so far of what is being said. */
  onPartial?(text: string): void;
  onTranscript?(text: string): void;
  onSpeechStart?(): void;
  onError?(error: Error): void;
}

/** Streaming transcription over a realtime session (spec 3.3.5). Sound in is µ-law, 8 kHz, unless settings say PCM16. */
export function buildOpenAIRealtimeTranscriptionProvider() {
  return {
    id: "openai",
    label: "OpenAI realtime transcription",
    aliases: ["openai-realtime"],
    autoSelectOrder: 10,
    defaultModel: OPENAI_DEFAULT_TRANSCRIPTION_MODEL,
    isConfigured: ({ cfg, providerConfig }: Pick<TranscriptionRequest, "cfg" | "providerConfig">) =>
      realtimeEndpoint(providerConfig ?? {}, cfg).apiKey !== undefined,
    createSession(request: TranscriptionRequest) {
      const settings = request.providerConfig ?? {};
      const language = textOf(settings["language"]);
      const prompt = textOf(settings["prompt"]);
      const heard = new Map<string, string>();
      const socket = new SessionSocket({
        endpoint: realtimeEndpoint(settings, request.cfg),
        query: { intent: "transcription" },
        session: {
          type: "transcription",
          audio: {
            input: {
              format: wireFormat(settings["audioEncoding"]),
              transcription: {
                model: textOf(settings["model"]) ?? OPENAI_DEFAULT_TRANSCRIPTION_MODEL,
                ...(language ? { language } : {}),
                ...(prompt ? { prompt } : {}),
              },
              turn_detection: turnDetection(settings),
            },
          },
        },
        onEvent: (event) => hear(event, request, heard),
        onError: (error) => request.onError?.(error),
        onClose(reason) {
          if (reason === "error") request.onError?.(new Error("the realtime server ended the session"));
        },
      });
      return {
        connect: () => socket.connect(),
        sendAudio: (audio: Buffer) => socket.sendAudio(audio),
        close: () => socket.close(),
        isConnected: () => socket.isOpen,
      };
    },
  };
}

function hear(event: RealtimeEvent, request: TranscriptionRequest, heard: Map<string, string>): void {
  const item = String(event["item_id"] ?? "");
  switch (event.type) {
    case "input_audio_buffer.speech_started":
      request.onSpeechStart?.();
      return;
    case "conversation.item.input_audio_transcription.delta": {
      const text = (heard.get(item) ?? "") + String(event["delta"] ?? "");
      if (heard.size < MAX_OPEN_ITEMS || heard.has(item)) heard.set(item, text);
      request.onPartial?.(text);
      return;
    }
    case "conversation.item.input_audio_transcription.completed": {
      const text = String(event["transcript"] ?? heard.get(item) ?? "").trim();
      heard.delete(item);
      if (text !== "") request.onTranscript?.(text);
      return;
    }
    case "conversation.item.input_audio_transcription.failed": {
      heard.delete(item);
      const error = event["error"] as { message?: string } | undefined;
      request.onError?.(new Error(error?.message ?? "the speech was not understood"));
    }
  }
}
