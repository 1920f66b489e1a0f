import { withDeadline } from "../../kernel/deadline.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { providerNamed } from "../provider-choice.ts";
import { authOf } from "./candidates.ts";
import {
  DEFAULT_UNDERSTANDING_TIMEOUT_MS,
  type ExtractParams,
  type MediaUnderstandingMembers,
  type MediaUnderstandingRooms,
  UNDERSTANDING_CONTRACT,
} from "./types.ts";

/** Has the named provider and model look at pictures and answer as data (spec 4.8). */
export async function extract(rooms: MediaUnderstandingRooms, params: ExtractParams) {
  const { timeoutMs = DEFAULT_UNDERSTANDING_TIMEOUT_MS, ...rest } = params;
  if (!params.input.some(({ type }) => type === "image")) {
    throw new SluiceError(
      "INPUT_WITHOUT_IMAGE",
      "extractStructuredWithModel needs at least one image in input",
    );
  }
  await rooms.activate?.({ kind: "contract", contract: UNDERSTANDING_CONTRACT });
  const entries = rooms.registry.current().list<MediaUnderstandingMembers>("mediaUnderstandingProvider");
  const entry = providerNamed(entries, params.provider);
  if (!entry) {
    throw new SluiceError(
      "PROVIDER_UNKNOWN",
      `no plugin registers the media understanding provider "${params.provider}"`,
    );
  }
  const { value } = entry;
  if (!value.extractStructured) {
    throw new SluiceError("PROVIDER_CANNOT", `the provider "${value.id}" has no extractStructured`);
  }
  const cfg = params.cfg ?? rooms.config.current().config;
  const request = { ...authOf(rooms, entry), ...rest, cfg, timeoutMs };
  const work = Promise.resolve(value.extractStructured(request));
  const answer = await withDeadline(work, timeoutMs, `extraction by ${value.id}`, rooms.clock);
  const text = answer.text ?? "";
  const parsed = answer.parsed ?? (params.jsonSchema ? parse(text) : undefined);
  if (params.jsonSchema) await assertMatches(params.jsonSchema, parsed);
  return {
    text,
    ...(parsed === undefined ? {} : { parsed }),
    provider: value.id,
    model: answer.model ?? params.model,
    contentType: answer.contentType ?? (parsed === undefined ? "text" : "json"),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SluiceError("ANSWER_INVALID", "the model's answer is not JSON", { cause });
  }
}

async function assertMatches(schema: object, value: unknown): Promise<void> {
  const { Check } = await import("typebox/schema");
  if (Check(schema as Parameters<typeof Check>[0], value)) return;
  throw new SluiceError("ANSWER_INVALID", "the model's answer does not match the schema");
}
