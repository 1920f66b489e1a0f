import { accessSync, constants, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, extname, join } from "node:path";
import { resolvePreferredTempDir } from "../values/temp-path.ts";
import { withTempWorkspace } from "../values/temp-workspace.ts";
import { runFfmpeg } from "./programs.ts";

/** Longer audio is cut when it is converted. */
export const MEDIA_FFMPEG_MAX_AUDIO_DURATION_SECS = 1_200;

/** Where ffmpeg lies, for a caller that starts it itself. @throws when it is not installed */
export function resolveFfmpegBin(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const name = process.platform === "win32" ? "ffmpeg.exe" : "ffmpeg";
  for (const folder of (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // The next folder.
    }
  }
  throw new Error("ffmpeg is not installed; install it to convert media");
}

/** Reads `codec_name,sample_rate` as ffprobe prints it with `-of csv=p=0`. */
export function parseFfprobeCodecAndSampleRate(stdout: string): {
  codec: string | null;
  sampleRateHz: number | null;
} {
  const [codec = "", rate = ""] =
    stdout
      .trim()
      .split(/[\r\n]/)[0]
      ?.split(",") ?? [];
  const sampleRateHz = Number(rate.trim());
  return {
    codec: codec.trim().toLowerCase() || null,
    sampleRateHz: Number.isInteger(sampleRateHz) && sampleRateHz > 0 ? sampleRateHz : null,
  };
}

export interface OpusTranscodeOptions {
  audioBuffer: Buffer;
  inputFileName?: string;
  inputExtension?: string;
  tempPrefix?: string;
  outputFileName?: string;
  /** Longer audio is cut; default 20 minutes. */
  maxDurationSeconds?: number;
  sampleRateHz?: number;
  channels?: number;
  /** As ffmpeg writes it: `64k`. */
  bitrate?: string;
  timeoutMs?: number;
}

/** Audio of any kind as Opus in an Ogg container. @throws when ffmpeg is missing or can not read it */
export async function transcodeAudioBufferToOpus(options: OpusTranscodeOptions): Promise<Buffer> {
  const extension = safeExtension(options.inputExtension ?? extname(options.inputFileName ?? ""));
  const workspaceOptions = {
    rootDir: resolvePreferredTempDir(),
    prefix: options.tempPrefix ?? "audio-",
  };
  return withTempWorkspace(workspaceOptions, async (workspace) => {
    const input = await workspace.write(`input${extension}`, options.audioBuffer);
    const output = workspace.path(`converted-${options.outputFileName ?? "voice.ogg"}`);
    const limits = ["-t", String(options.maxDurationSeconds ?? MEDIA_FFMPEG_MAX_AUDIO_DURATION_SECS)];
    const sound = [
      ...["-ar", String(options.sampleRateHz ?? 48_000)],
      ...["-ac", String(options.channels ?? 1)],
      ...["-c:a", "libopus", "-b:a", options.bitrate ?? "64k"],
    ];
    await runFfmpeg(
      [
        ...["-hide_banner", "-loglevel", "error", "-nostdin", "-y"],
        ...["-i", input, "-vn", "-sn", "-dn"],
        ...limits,
        ...sound,
        ...["-f", "ogg", output],
      ],
      options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs },
    );
    return readFile(output);
  });
}

function safeExtension(extension: string): string {
  const text = extension.replace(/^\.?/, ".").toLowerCase();
  return /^\.[a-z0-9]{1,11}$/.test(text) ? text : ".audio";
}
