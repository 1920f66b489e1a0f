import { textOf } from "../endpoints.ts";
import { type RealtimeEvent, SessionSocket } from "./session-socket.ts";
import { type RealtimeSettings, realtimeEndpoint, turnDetection, wireFormat } from "./settings.ts";

export const OPENAI_DEFAULT_REALTIME_MODEL = "gpt-realtime";
const DEFAULT_VOICE = "marin";
const DEFAULT_TRANSCRIPTION_MODEL = "gpt-4o-mini-transcribe";

/** What opens a conversation: its settings, and who is told what happens in it. */
export interface VoiceRequest {
  cfg?: Readonly<Record<string, unknown>>;
  /** `apiKey`, `baseUrl`, `model`, `voice`, `temperature`, `vadThreshold`, `silenceDurationMs`, `prefixPaddingMs`. */
  providerConfig: RealtimeSettings;
  audioFormat?: { encoding: "g711_ulaw" | "pcm16" };
  instructions?: string;
  language?: string;
  /** False: the server hears a turn end and waits for {@link VoiceBridge.triggerGreeting} or a message. */
  autoRespondToAudio?: boolean;
  interruptResponseOnInputAudio?: boolean;
  tools?: readonly { type: "function"; name: string; description: string; parameters: object }[];
  onAudio(audio: Buffer): void;
  onClearAudio(reason?: string): void;
  onMark?(name: string): void;
  onTranscript?(role: "user" | "assistant", text: string, isFinal: boolean): void;
  onEvent?(event: {
    direction: "client" | "server";
    type: string;
    itemId?: string;
    responseId?: string;
  }): void;
  onResponseDone?(outcome: { status: string; responseId?: string }): void;
  onToolCall?(call: { itemId: string; callId: string; name: string; args: unknown }): void;
  onReady?(): void;
  onError?(error: Error): void;
  onClose?(reason: "completed" | "error"): void;
}

/** One conversation. Who speaks while the model does interrupts it: what was not played is forgotten. */
export class VoiceBridge {
  readonly supportsToolResultContinuation = true;
  readonly supportsToolResultSuppression = true;
  readonly handlesInputAudioBargeIn = true;
  readonly #request: VoiceRequest;
  readonly #socket: SessionSocket;
  /** The model's words as far as they were played, by what the caller has told of its clock. */
  #speaking: { itemId: string; startedAt: number | undefined } | undefined;
  #responding = false;
  #playedUntil: number | undefined;
  #marks: string[] = [];
  #nextMark = 0;

  constructor(request: VoiceRequest) {
    this.#request = request;
    const settings = request.providerConfig ?? {};
    this.#socket = new SessionSocket({
      endpoint: realtimeEndpoint(settings, request.cfg),
      query: { model: textOf(settings["model"]) ?? OPENAI_DEFAULT_REALTIME_MODEL },
      session: sessionOf(request),
      onEvent: (event) => this.#receive(event),
      onError: (error) => request.onError?.(error),
      onClose: (reason) => request.onClose?.(reason),
    });
  }

  async connect(): Promise<void> {
    await this.#socket.connect();
    this.#request.onReady?.();
  }

  isConnected(): boolean {
    return this.#socket.isOpen;
  }

  sendAudio(audio: Buffer): void {
    this.#socket.sendAudio(audio);
  }

  /** The caller's clock of what it plays, in milliseconds. */
  setMediaTimestamp(timestamp: number): void {
    this.#playedUntil = timestamp;
    if (this.#speaking) this.#speaking.startedAt ??= timestamp;
  }

  /** Something said in writing; the model answers it. */
  sendUserMessage(text: string, options: { toolChoice?: unknown } = {}): void {
    this.#item({ type: "message", role: "user", content: [{ type: "input_text", text }] });
    this.#respond(options.toolChoice === undefined ? {} : { tool_choice: options.toolChoice });
  }

  /** Lets the model speak first. */
  triggerGreeting(instructions?: string): void {
    this.#respond(instructions ? { instructions } : {});
  }

  /** Somebody spoke while the model did: its answer ends, and it learns how much of it was heard. */
  handleBargeIn(): void {
    const speaking = this.#speaking;
    this.#speaking = undefined;
    if (this.#responding) this.#send({ type: "response.cancel" });
    this.#responding = false;
    if (!speaking) return;
    const heardMs = Math.max(0, (this.#playedUntil ?? 0) - (speaking.startedAt ?? this.#playedUntil ?? 0));
    this.#send({
      type: "conversation.item.truncate",
      item_id: speaking.itemId,
      content_index: 0,
      audio_end_ms: Math.round(heardMs),
    });
    this.#marks = [];
    this.#request.onClearAudio("barge-in");
  }

  submitToolResult(
    callId: string,
    result: unknown,
    options: { suppressResponse?: boolean; willContinue?: boolean } = {},
  ): void {
    const output = typeof result === "string" ? result : JSON.stringify(result ?? null);
    this.#item({ type: "function_call_output", call_id: callId, output });
    if (!options.suppressResponse && !options.willContinue) this.#respond({});
  }

  /** The caller has played what came before the mark; without a name, the oldest one. */
  acknowledgeMark(name?: string): void {
    const index = name === undefined ? 0 : this.#marks.indexOf(name);
    if (index >= 0) this.#marks.splice(0, index + 1);
    if (this.#marks.length === 0 && !this.#responding) this.#speaking = undefined;
  }

  close(): void {
    this.#socket.close();
  }

  #respond(response: Record<string, unknown>): void {
    this.#send({ type: "response.create", ...(Object.keys(response).length > 0 ? { response } : {}) });
  }

  #item(item: Record<string, unknown>): void {
    this.#send({ type: "conversation.item.create", item });
  }

  #send(event: RealtimeEvent): void {
    this.#request.onEvent?.({ direction: "client", type: event.type });
    this.#socket.send(event);
  }

  #receive(event: RealtimeEvent): void {
    const { onTranscript, onToolCall, onResponseDone, onEvent } = this.#request;
    const itemId = textOf(event["item_id"]);
    const responseId = textOf(event["response_id"]);
    onEvent?.({
      direction: "server",
      type: event.type,
      ...(itemId ? { itemId } : {}),
      ...(responseId ? { responseId } : {}),
    });
    switch (event.type) {
      case "response.created":
        this.#responding = true;
        return;
      // Servers that speak the older dialect say it without "output".
      case "response.output_audio.delta":
      case "response.audio.delta":
        this.#speak(String(event["delta"] ?? ""), itemId ?? "");
        return;
      case "response.output_audio_transcript.delta":
      case "response.audio_transcript.delta":
        onTranscript?.("assistant", String(event["delta"] ?? ""), false);
        return;
      case "response.output_audio_transcript.done":
      case "response.audio_transcript.done":
        onTranscript?.("assistant", String(event["transcript"] ?? ""), true);
        return;
      case "conversation.item.input_audio_transcription.delta":
        onTranscript?.("user", String(event["delta"] ?? ""), false);
        return;
      case "conversation.item.input_audio_transcription.completed":
        onTranscript?.("user", String(event["transcript"] ?? "").trim(), true);
        return;
      case "input_audio_buffer.speech_started":
        if (this.#request.interruptResponseOnInputAudio !== false) this.handleBargeIn();
        return;
      case "response.function_call_arguments.done":
        onToolCall?.({
          itemId: itemId ?? "",
          callId: String(event["call_id"] ?? ""),
          name: String(event["name"] ?? ""),
          args: argumentsOf(event["arguments"]),
        });
        return;
      case "response.done": {
        this.#responding = false;
        const response = event["response"] as { id?: string; status?: string } | undefined;
        onResponseDone?.({
          status: response?.status ?? "completed",
          ...(response?.id ? { responseId: response.id } : {}),
        });
        return;
      }
    }
  }

  #speak(delta: string, itemId: string): void {
    if (this.#speaking?.itemId !== itemId) this.#speaking = { itemId, startedAt: this.#playedUntil };
    this.#request.onAudio(Buffer.from(delta, "base64"));
    if (!this.#request.onMark) return;
    const mark = `audio-${++this.#nextMark}`;
    this.#marks.push(mark);
    this.#request.onMark(mark);
  }
}

function sessionOf(request: VoiceRequest): Record<string, unknown> {
  const settings = request.providerConfig ?? {};
  const format = wireFormat(request.audioFormat?.encoding);
  return {
    type: "realtime",
    output_modalities: ["audio"],
    ...(request.instructions ? { instructions: request.instructions } : {}),
    audio: {
      input: {
        format,
        transcription: {
          model: DEFAULT_TRANSCRIPTION_MODEL,
          ...(request.language ? { language: request.language } : {}),
        },
        turn_detection: {
          ...turnDetection(settings),
          create_response: request.autoRespondToAudio !== false,
          interrupt_response: request.interruptResponseOnInputAudio !== false,
        },
      },
      output: { format, voice: textOf(settings["voice"]) ?? DEFAULT_VOICE },
    },
    ...(request.tools && request.tools.length > 0 ? { tools: request.tools, tool_choice: "auto" } : {}),
  };
}

function argumentsOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text ?? "{}"));
  } catch {
    return {};
  }
}
