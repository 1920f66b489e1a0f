/** Speech as numbers: signed 16-bit little-endian samples (PCM16), one channel, and its telephone form. */

export const REALTIME_VOICE_AUDIO_FORMAT_PCM16_24KHZ = Object.freeze({
  encoding: "pcm16",
  sampleRateHz: 24_000,
  channels: 1,
} as const);

export const REALTIME_VOICE_AUDIO_FORMAT_G711_ULAW_8KHZ = Object.freeze({
  encoding: "g711_ulaw",
  sampleRateHz: 8_000,
  channels: 1,
} as const);

export interface RealtimeVoiceAudioFormat {
  encoding: "pcm16" | "g711_ulaw";
  sampleRateHz: number;
  channels: number;
}

const BIAS = 0x84;
const CLIP = 32_635;
/** Loudness (root mean square of full scale 1) below which a piece of sound counts as silence. */
export const AUDIBLE_LEVEL = 0.002;

/** G.711 µ-law. An odd last byte is left out. */
export function pcmToMulaw(pcm: Buffer): Buffer {
  const out = Buffer.alloc(pcm.length >> 1);
  for (let index = 0; index < out.length; index++) out[index] = encode(pcm.readInt16LE(index * 2));
  return out;
}

export function mulawToPcm(mulaw: Buffer): Buffer {
  const out = Buffer.alloc(mulaw.length * 2);
  for (let index = 0; index < mulaw.length; index++)
    out.writeInt16LE(decode(mulaw[index] as number), index * 2);
  return out;
}

export function convertPcmToMulaw8k(pcm: Buffer, inputSampleRate: number): Buffer {
  return pcmToMulaw(resamplePcm(pcm, inputSampleRate, 8_000));
}

function encode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decode(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + BIAS) << ((value >> 4) & 7)) - BIAS;
  return value & 0x80 ? -magnitude : magnitude;
}

/** A whole recording at another sample rate. */
export function resamplePcm(pcm: Buffer, inputRate: number, outputRate: number): Buffer {
  const resampler = createStreamingPcmResampler(inputRate, outputRate);
  return Buffer.concat([resampler.process(pcm), resampler.flush()]);
}

/** Taps on each side of a sample, at the lower of the two rates. */
const HALF_WIDTH = 16;

/**
 * Changes the sample rate of a stream of PCM16 piece by piece, with a windowed sinc filter; the pieces joined
 * are the same as the whole converted at once. `flush` gives the last samples and begins afresh.
 */
export function createStreamingPcmResampler(
  inputRate: number,
  outputRate: number,
): { process(pcm: Buffer): Buffer; flush(): Buffer } {
  if (!(inputRate > 0) || !(outputRate > 0)) throw new RangeError("sample rates must be positive");
  const step = inputRate / outputRate;
  const cutoff = Math.min(1, outputRate / inputRate);
  const reach = Math.ceil(HALF_WIDTH / cutoff);
  let samples: number[] = [];
  /** Position of `samples[0]` in the stream. */
  let first = 0;
  let made = 0;
  let odd: Buffer = Buffer.alloc(0);

  const weight = (distance: number) => {
    const position = distance / reach;
    if (Math.abs(position) >= 1) return 0;
    const angle = Math.PI * distance * cutoff;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    return sinc * (0.5 + 0.5 * Math.cos(Math.PI * position));
  };
  const at = (position: number): number => {
    const from = Math.ceil(position - reach);
    let sum = 0;
    let total = 0;
    for (let index = from; index <= Math.floor(position + reach); index++) {
      const share = weight(index - position);
      total += share;
      sum += share * (samples[index - first] ?? 0);
    }
    return total === 0 ? 0 : sum / total;
  };
  /** Makes the samples whose neighbours up to `end` are known. */
  const make = (end: number, lookAhead: number): Buffer => {
    const made16: number[] = [];
    for (; made * step + lookAhead < end; made++) {
      made16.push(Math.max(-32_768, Math.min(32_767, Math.round(at(made * step)))));
    }
    const keepFrom = Math.max(first, Math.floor(made * step) - reach - 1);
    samples = samples.slice(keepFrom - first);
    first = keepFrom;
    const out = Buffer.alloc(made16.length * 2);
    for (const [index, value] of made16.entries()) out.writeInt16LE(value, index * 2);
    return out;
  };
  return {
    process(pcm) {
      const input = odd.length > 0 ? Buffer.concat([odd, pcm]) : pcm;
      const whole = input.length - (input.length % 2);
      odd = Buffer.from(input.subarray(whole));
      if (inputRate === outputRate) return Buffer.from(input.subarray(0, whole));
      for (let offset = 0; offset < whole; offset += 2) samples.push(input.readInt16LE(offset));
      return make(first + samples.length, reach);
    },
    flush() {
      const rest = inputRate === outputRate ? Buffer.alloc(0) : make(first + samples.length, 0);
      samples = [];
      first = 0;
      made = 0;
      odd = Buffer.alloc(0);
      return rest;
    },
  };
}

/** How long a piece of sound lasts, in milliseconds. */
export function realtimeVoiceAudioDurationMs(format: RealtimeVoiceAudioFormat, byteLength: number): number {
  const sampleBytes = format.encoding === "pcm16" ? 2 : 1;
  return (Math.max(0, byteLength) / (sampleBytes * format.channels * format.sampleRateHz)) * 1_000;
}

/** False for silence and the noise of a quiet line. */
export function isRealtimeVoiceAudioAudible(audio: Buffer, format: RealtimeVoiceAudioFormat): boolean {
  const pcm = format.encoding === "pcm16" ? audio : mulawToPcm(audio);
  const count = pcm.length >> 1;
  if (count === 0) return false;
  let sum = 0;
  for (let index = 0; index < count; index++) sum += (pcm.readInt16LE(index * 2) / 32_768) ** 2;
  return Math.sqrt(sum / count) >= AUDIBLE_LEVEL;
}
