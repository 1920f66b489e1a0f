import { requireHost } from "../ambient/host.ts";
import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";

const DEFAULT_ECHO_FORMAT = '📝 "{transcript}"';

/** How a transcript stands in what the agent reads: marked as heard by a machine, and closed off by quotes. */
export function formatAudioTranscriptForAgent(transcript: string): string {
  return `[Audio transcript (machine-generated, untrusted)]: ${JSON.stringify(transcript)}`;
}

interface MediaFact {
  path?: string;
  contentType?: string;
  kind?: string;
  [extra: string]: unknown;
}

export interface PreflightRequest {
  ctx: { media?: readonly MediaFact[]; [extra: string]: unknown };
  cfg: UnknownRecord;
  agentDir?: string;
  [extra: string]: unknown;
}

/**
 * Hears a voice message before it is decided whether the message is for the agent, so that a spoken name
 * counts as a mention. With `deferTranscriptEcho` (default) the transcript is echoed by `send`, later.
 */
export function createChannelPreflightAudio<Audio>(params: {
  channel: string;
  isAudio(value: Audio): boolean;
  deferTranscriptEcho?: boolean;
  transcribeFirstAudio?(request: PreflightRequest): Promise<string | undefined>;
  sendTranscriptEcho?(echo: UnknownRecord): Promise<void>;
}) {
  const defer = params.deferTranscriptEcho ?? true;
  const suppress = (cfg: UnknownRecord): UnknownRecord => {
    const audio = readPath(cfg, ["tools", "media", "audio"]);
    if (!defer || !isRecord(audio) || !audio["echoTranscript"]) return cfg;
    const tools = cfg["tools"] as UnknownRecord;
    const media = tools["media"] as UnknownRecord;
    return { ...cfg, tools: { ...tools, media: { ...media, audio: { ...audio, echoTranscript: false } } } };
  };
  const format = (transcript: string, template: string) => template.split("{transcript}").join(transcript);
  return {
    isAudio: (value: Audio) => params.isAudio(value),
    suppress,
    format,
    /** `undefined` when there is no audio, nothing understands it, or the signal was aborted. */
    async resolve(input: {
      request: PreflightRequest;
      abortSignal?: AbortSignal;
    }): Promise<string | undefined> {
      if (input.abortSignal?.aborted) return undefined;
      try {
        const request = { ...input.request, cfg: suppress(input.request.cfg) };
        const text = await (params.transcribeFirstAudio ?? transcribeFirstAudio)(request);
        return input.abortSignal?.aborted ? undefined : text;
      } catch {
        // The message goes on with its audio; what the agent hears is decided later.
        return undefined;
      }
    },
    /** Shows the transcript in the conversation, when `tools.media.audio.echoTranscript` is on. */
    async send(input: {
      transcript: string;
      cfg: UnknownRecord;
      accountId: string;
      originatingTo: string;
      messageThreadId?: string;
    }): Promise<void> {
      const audio = readPath(input.cfg, ["tools", "media", "audio"]);
      if (!defer || !isRecord(audio) || !audio["echoTranscript"]) return;
      const template = typeof audio["echoFormat"] === "string" ? audio["echoFormat"] : DEFAULT_ECHO_FORMAT;
      const echo = {
        channel: params.channel,
        to: input.originatingTo,
        accountId: input.accountId,
        threadId: input.messageThreadId,
        text: format(input.transcript, template),
        cfg: input.cfg,
      };
      await (params.sendTranscriptEcho ?? sendEcho)(echo);
    },
  };
}

/** What is said in the first sound of a message; `undefined` when there is none or nothing understands it. */
export async function transcribeFirstAudio({
  ctx,
  cfg,
  agentDir,
}: PreflightRequest): Promise<string | undefined> {
  const isAudio = ({ contentType, kind }: MediaFact) =>
    contentType === undefined ? kind === "audio" : contentType.startsWith("audio/");
  const audio = ctx.media?.find((fact) => fact.path && isAudio(fact));
  if (!audio?.path) return undefined;
  const { transcribeAudioFile } = requireHost("transcribeAudioFile").runtime.mediaUnderstanding;
  const heard = (await transcribeAudioFile?.({
    filePath: audio.path,
    mime: audio.contentType,
    cfg,
    ...(agentDir === undefined ? {} : { agentDir }),
  })) as { text?: string } | undefined;
  return heard?.text?.trim() || undefined;
}

/** Through the channel's own adapter, as an ordinary text. */
async function sendEcho(echo: UnknownRecord): Promise<void> {
  const outbound = readPath(requireHost("sendTranscriptEcho").runtime.channel, ["outbound"]) as {
    loadAdapter(
      channel: string,
    ): Promise<{ sendText?(context: UnknownRecord): Promise<unknown> } | undefined>;
  };
  const adapter = await outbound.loadAdapter(String(echo["channel"]));
  await adapter?.sendText?.({ ...echo });
}
