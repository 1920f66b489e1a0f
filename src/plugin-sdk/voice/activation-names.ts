/** Words a name by which a voice assistant is called may have. */
export const REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS = 2;
/** Below this many letters a name has to be heard exactly. */
const MIN_FUZZY_LETTERS = 5;

const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;
/** What people say before a name they call. */
const GREETINGS = new Set(["hey", "hi", "hello", "ok", "okay", "yo"]);

export interface ActivationNameMatch {
  allowed: true;
  /** What was said without the name. */
  text: string;
  activationName: string;
  heardName: string;
  match: "exact" | "fuzzy";
  edge: "leading" | "trailing";
}

export function realtimeVoiceActivationNameWordCount(value: string): number {
  return wordsOf(value).length;
}

/** The words of a name with single spaces; `undefined` when there are none. */
export function normalizeRealtimeVoiceActivationName(value: string): string | undefined {
  const words = wordsOf(value).map(({ text }) => text);
  return words.length > 0 ? words.join(" ") : undefined;
}

/** The first words of a longer phrase, as many as a name may have. */
export function normalizeRealtimeVoiceActivationNamePrefix(
  value: string,
  maxWords: number = REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS,
): string | undefined {
  const words = wordsOf(value).slice(0, maxWords);
  return words.length > 0 ? words.map(({ text }) => text).join(" ") : undefined;
}

export function isSupportedRealtimeVoiceActivationName(
  value: string,
  maxWords: number = REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS,
): boolean {
  const count = realtimeVoiceActivationNameWordCount(value);
  return count >= 1 && count <= maxWords;
}

export function normalizeSupportedRealtimeVoiceActivationName(
  value: string | undefined,
  maxWords: number = REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS,
): string | undefined {
  if (typeof value !== "string" || !isSupportedRealtimeVoiceActivationName(value, maxWords)) return undefined;
  return normalizeRealtimeVoiceActivationName(value);
}

/** Longer names first, so that the fuller one of two nested names is tried before the other. */
export function sortRealtimeVoiceActivationNames(names: readonly string[]): string[] {
  return [...names].sort((a, b) => b.length - a.length || a.localeCompare(b));
}

/**
 * Finds a configured name at the beginning of what was said, after a greeting or not, or at its end, and takes
 * it away. A longer name may be misheard by one letter.
 */
export function matchRealtimeVoiceActivationName(
  text: string,
  activationNames: readonly string[],
  maxWords: number = REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS,
): ActivationNameMatch | undefined {
  const names = sortRealtimeVoiceActivationNames(activationNames)
    .map((activationName) => ({ activationName, letters: lettersOf(activationName) }))
    .filter(({ letters }) => letters !== "");
  const heard = edgesOf(text, maxWords).sort(
    (a, b) => lettersOf(b.heardName).length - lettersOf(a.heardName).length,
  );
  for (const match of ["exact", "fuzzy"] as const) {
    for (const { heardName, rest, edge } of heard) {
      const spoken = lettersOf(heardName);
      const name = names.find(({ letters }) =>
        match === "exact" ? letters === spoken : isMisheard(letters, spoken),
      );
      if (!name) continue;
      return { allowed: true, text: rest, activationName: name.activationName, heardName, match, edge };
    }
  }
  return undefined;
}

interface Edge {
  heardName: string;
  rest: string;
  edge: "leading" | "trailing";
}

function edgesOf(text: string, maxWords: number): Edge[] {
  const words = wordsOf(text);
  const edges: Edge[] = [];
  const greeted = GREETINGS.has(words[0]?.text.toLowerCase() ?? "") ? 1 : 0;
  for (const start of greeted === 1 ? [0, 1] : [0]) {
    for (let count = 1; count <= maxWords && start + count <= words.length; count++) {
      const last = words[start + count - 1];
      const begin = words[start];
      if (!last || !begin) continue;
      const rest = text
        .slice(last.end)
        .replace(/^[\s\p{P}]+/u, "")
        .trim();
      edges.push({ heardName: text.slice(begin.start, last.end), rest, edge: "leading" });
    }
  }
  for (let count = 1; count <= maxWords && count < words.length; count++) {
    const begin = words[words.length - count];
    const last = words.at(-1);
    if (!begin || !last) continue;
    const rest = text
      .slice(0, begin.start)
      .replace(/[\s,;:–—-]+$/u, "")
      .trim();
    edges.push({ heardName: text.slice(begin.start, last.end), rest, edge: "trailing" });
  }
  return edges;
}

function wordsOf(text: string): { text: string; start: number; end: number }[] {
  return [...text.matchAll(WORD)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** One letter more, less, or another one; the first stays. */
function isMisheard(name: string, spoken: string): boolean {
  if (name.length < MIN_FUZZY_LETTERS || name[0] !== spoken[0] || name === spoken) return false;
  if (Math.abs(name.length - spoken.length) > 1) return false;
  let start = 0;
  while (start < name.length && name[start] === spoken[start]) start++;
  let end = 0;
  const longest = Math.min(name.length, spoken.length) - start;
  while (end < longest && name.at(-1 - end) === spoken.at(-1 - end)) end++;
  return Math.max(name.length, spoken.length) - start - end <= 1;
}
