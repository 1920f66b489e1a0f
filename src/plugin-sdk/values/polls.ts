export interface PollInput {
  question: string;
  options: string[];
  maxSelections?: number;
  durationSeconds?: number;
  durationHours?: number;
}

/** @throws for a poll that no platform could show, saying why */
export function normalizePollInput(input: PollInput, { maxOptions }: { maxOptions?: number } = {}) {
  const question = input.question.trim();
  const options = (input.options ?? []).map((option) => option.trim()).filter(Boolean);
  const { maxSelections = 1, durationSeconds, durationHours } = input;
  if (question === "") throw new Error("a poll needs a question");
  if (options.length < 2) throw new Error("a poll needs at least two options");
  if (maxOptions !== undefined && options.length > maxOptions) {
    throw new Error(`a poll may have at most ${maxOptions} options here`);
  }
  if (!Number.isInteger(maxSelections) || maxSelections < 1 || maxSelections > options.length) {
    throw new Error(`maxSelections must lie between 1 and ${options.length}`);
  }
  if (durationSeconds !== undefined && durationHours !== undefined) {
    throw new Error("give durationSeconds or durationHours, not both");
  }
  const duration = (value: number | undefined, name: string) => {
    if (value === undefined) return undefined;
    const whole = Math.floor(value);
    if (!Number.isFinite(value) || whole < 1) throw new Error(`${name} must be at least 1`);
    return whole;
  };
  const seconds = duration(durationSeconds, "durationSeconds");
  const hours = duration(durationHours, "durationHours");
  return {
    question,
    options,
    maxSelections,
    ...(seconds === undefined ? {} : { durationSeconds: seconds }),
    ...(hours === undefined ? {} : { durationHours: hours }),
  };
}

/** Whole hours between 1 and `maxHours`. */
export function normalizePollDurationHours(
  value: number | undefined,
  options: { defaultHours: number; maxHours: number },
): number {
  const hours = value !== undefined && Number.isFinite(value) ? Math.floor(value) : options.defaultHours;
  return Math.min(Math.max(hours, 1), options.maxHours);
}
