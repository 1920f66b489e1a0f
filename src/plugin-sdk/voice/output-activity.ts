export interface OutputActivity {
  audioMs: number;
  chunks: number;
  sourceAudioBytes: number;
  sinkAudioBytes: number;
  playbackStarted: boolean;
  streamEnding: boolean;
  lastAudioAt?: number;
  playbackStartedAt?: number;
}

interface AudioAmount {
  audioMs?: number;
  sourceAudioBytes?: number;
  sinkAudioBytes?: number;
}

/** Counts what an assistant has said into a stream, and how far the playing of it has come. */
export function createRealtimeVoiceOutputActivityTracker(options: { now?(): number } = {}) {
  const now = options.now ?? Date.now;
  const fresh = (): OutputActivity => ({
    audioMs: 0,
    chunks: 0,
    sourceAudioBytes: 0,
    sinkAudioBytes: 0,
    playbackStarted: false,
    streamEnding: false,
  });
  let state = fresh();
  const elapsed = () =>
    state.playbackStartedAt === undefined ? 0 : Math.max(0, now() - state.playbackStartedAt);
  const isActive = (sinkActive = false) => sinkActive || (state.chunks > 0 && !state.streamEnding);
  return {
    /** A new stream; what was counted so far is kept. */
    markStreamOpened(): void {
      const { audioMs, chunks, sourceAudioBytes, sinkAudioBytes } = state;
      state = { ...fresh(), audioMs, chunks, sourceAudioBytes, sinkAudioBytes };
    },
    markStreamEnding(): void {
      state.streamEnding = true;
    },
    markPlaybackStarted(): void {
      if (state.playbackStarted) return;
      state.playbackStarted = true;
      state.playbackStartedAt = now();
    },
    markAudio(amount: AudioAmount): void {
      state.audioMs += Math.max(0, amount.audioMs ?? 0);
      state.sourceAudioBytes += Math.max(0, amount.sourceAudioBytes ?? 0);
      state.sinkAudioBytes += Math.max(0, amount.sinkAudioBytes ?? 0);
      state.chunks += 1;
      state.lastAudioAt = now();
    },
    reset(): void {
      state = fresh();
    },
    isActive,
    isInterruptible: (sinkActive = false) =>
      isActive(sinkActive) || (state.playbackStarted && elapsed() < state.audioMs),
    elapsedPlaybackMs: elapsed,
    /** When playing must be over; `undefined` before it began. */
    playbackWatchdogDelayMs({
      marginMs,
      minMs = 0,
    }: {
      marginMs: number;
      minMs?: number;
    }): number | undefined {
      if (!state.playbackStarted) return undefined;
      return Math.max(minMs, state.audioMs - elapsed() + marginMs);
    },
    snapshot: (): OutputActivity => ({ ...state }),
  };
}
