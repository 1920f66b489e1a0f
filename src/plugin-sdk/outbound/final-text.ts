/**
 * The whole text of an answer of which only the beginning was handed over: the transcript's, when it goes on
 * where the given one breaks off. In any other case the given text.
 */
export async function resolveTranscriptBackedChannelFinalText(params: {
  payload?: { isError?: boolean; [extra: string]: unknown };
  finalText: string;
  resolveCandidateText(): Promise<string | undefined> | string | undefined;
}): Promise<string> {
  const { finalText } = params;
  const beginning = /^([\s\S]*?)\s*(?:…|\.\.\.)\s*$/.exec(finalText)?.[1]?.trim();
  if (!beginning || params.payload?.isError === true) return finalText;
  const candidate = (await params.resolveCandidateText())?.trim();
  return candidate && candidate.length > finalText.length && candidate.startsWith(beginning)
    ? candidate
    : finalText;
}
