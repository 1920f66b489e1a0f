import { SluiceError } from "../../kernel/errors.ts";
import { asNumber, asText } from "../config-values.ts";

export interface PollInput {
  question: string;
  options: string[];
  maxSelections: number;
  durationHours?: number;
}

export const DEFAULT_POLL_MAX_OPTIONS = 12;

/** The shared form of a poll; used only after the channel declined to handle it itself. */
export function parsePoll(params: Record<string, unknown>, maxOptions = DEFAULT_POLL_MAX_OPTIONS): PollInput {
  const question = asText(params["pollQuestion"])?.trim() ?? "";
  const raw = Array.isArray(params["pollOption"]) ? params["pollOption"] : [params["pollOption"]];
  const options = raw.map((option) => asText(option)?.trim() ?? "").filter((option) => option !== "");
  if (question === "") throw invalid("a poll needs pollQuestion");
  if (options.length < 2) throw invalid("a poll needs at least two entries in pollOption");
  if (options.length > maxOptions) throw invalid(`this channel takes at most ${maxOptions} poll options`);
  const poll: PollInput = {
    question,
    options,
    maxSelections: params["pollMulti"] === true ? options.length : 1,
  };
  const hours = asNumber(params["pollDurationHours"]);
  if (params["pollDurationHours"] !== undefined) {
    if (hours === undefined || !Number.isInteger(hours) || hours < 1) {
      throw invalid("pollDurationHours must be a positive whole number");
    }
    poll.durationHours = hours;
  }
  return poll;
}

/** True when a `send` carries poll parameters by mistake. */
export function hasPollContent(params: Record<string, unknown>): boolean {
  const options = params["pollOption"];
  const anyOption = Array.isArray(options) ? options.length > 0 : Boolean(options);
  return Boolean(asText(params["pollQuestion"])?.trim()) || anyOption;
}

function invalid(message: string): SluiceError {
  return new SluiceError("INVALID_REQUEST", message);
}
