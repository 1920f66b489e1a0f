import { basename } from "node:path";
import { withDeadline } from "../../kernel/deadline.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { detectMime } from "../media/detect-mime.ts";
import { type ProviderAttempt, sectionAt } from "../provider-choice.ts";
import { candidatesFor } from "./candidates.ts";
import { readBounded } from "./source-file.ts";
import {
  DEFAULT_UNDERSTANDING_TIMEOUT_MS,
  type MediaCapability,
  type MediaUnderstandingRooms,
  UNDERSTANDING_CONTRACT,
  type UnderstandFileParams,
  type UnderstandingResult,
} from "./types.ts";

/** Largest file that is given to a provider, unless `tools.media.<kind>.maxBytes` says otherwise. */
export const DEFAULT_UNDERSTANDING_BYTES = { image: 10_485_760, audio: 20_971_520, video: 52_428_800 };

const METHODS = { image: "describeImage", audio: "transcribeAudio", video: "describeVideo" } as const;

/** Asks one provider after the other until one says something. */
export async function understand(
  rooms: MediaUnderstandingRooms,
  capability: MediaCapability,
  params: UnderstandFileParams,
): Promise<UnderstandingResult> {
  const { filePath, mime, cfg: given, timeoutMs = DEFAULT_UNDERSTANDING_TIMEOUT_MS, ...rest } = params;
  const cfg = given ?? rooms.config.current().config;
  await rooms.activate?.({ kind: "contract", contract: UNDERSTANDING_CONTRACT });
  const settings = sectionAt(cfg, "tools", "media", capability);
  const attempts: ProviderAttempt[] = [];
  if (settings["enabled"] === false) return nothing(capability, "disabled by the configuration", attempts);
  const limit = settings["maxBytes"];
  const maxBytes = typeof limit === "number" ? limit : DEFAULT_UNDERSTANDING_BYTES[capability];
  const candidates = candidatesFor(rooms, capability, settings);
  if (candidates.length === 0) return nothing(capability, "no provider is configured", attempts);
  const buffer = await readBounded(filePath, maxBytes);
  if (!buffer) return nothing(capability, `the file is larger than ${maxBytes} bytes`, attempts);
  const fileName = basename(filePath);
  const type = mime ?? detectMime(buffer, { fileName });
  for (const { entry, model, auth, endpoint } of candidates) {
    const { value } = entry;
    const look = value[METHODS[capability]];
    if (!look) {
      attempts.push({ provider: value.id, outcome: "skipped", reason: `it has no ${METHODS[capability]}` });
      continue;
    }
    try {
      const seen = { ...rest, ...auth, ...endpoint, buffer, fileName, mime: type, cfg, provider: value.id };
      // `input` is for functions of the SDK that a provider hands its model and what to look at.
      const request = { ...seen, model, input: { ...seen, timeoutMs } };
      const what = `${capability} understanding by ${value.id}`;
      const work = Promise.resolve(look({ ...request, timeoutMs }));
      const answer = await withDeadline(work, timeoutMs, what, rooms.clock);
      const text = answer?.text?.trim();
      if (!text) throw new Error("it said nothing");
      attempts.push({ provider: value.id, outcome: "success" });
      const used = answer.model ?? model;
      return {
        text,
        provider: value.id,
        ...(used === undefined ? {} : { model: used }),
        decision: { capability, attempts },
      };
    } catch (error) {
      attempts.push({ provider: value.id, outcome: "failed", reason: errorMessage(error) });
    }
  }
  return nothing(capability, "every provider failed", attempts);
}

/** The answer when there is none, and why. */
export function nothing(
  capability: MediaCapability | undefined,
  reason: string,
  attempts: readonly ProviderAttempt[],
): UnderstandingResult {
  return { text: undefined, decision: { ...(capability ? { capability } : {}), reason, attempts } };
}
