import { asRecordOrEmpty, readPath, type UnknownRecord } from "../values/records.ts";
import { truncateUtf16Safe } from "../values/text.ts";

/** The texts of a progress message, for channels that lay it out themselves. */

export const DEFAULT_MAX_LINES = 8;
export const DEFAULT_LINE_CHARS = 160;
export const DEFAULT_LABEL = "Working…";

const PLAN_STATUSES: readonly unknown[] = ["pending", "in_progress", "completed"];

export type PlanSteps = readonly { step?: string; text?: string; status?: string }[];

/** The steps of a plan as an agent gave them: texts, or objects with a step and how far it is. Others are left out. */
export function normalizeAgentPlanSteps(steps: unknown): { step: string; status: string }[] | undefined {
  if (!Array.isArray(steps)) return undefined;
  return steps.flatMap((given) => {
    const fields = asRecordOrEmpty(given);
    const text = typeof given === "string" ? given : (fields["step"] ?? fields["text"]);
    const step = typeof text === "string" ? text.trim() : "";
    const status = PLAN_STATUSES.includes(fields["status"]) ? String(fields["status"]) : "pending";
    return step === "" ? [] : [{ step, status }];
  });
}

/** One line per step: `[x]` done, `[>]` being worked on, `[ ]` to come. */
export function formatPlanChecklistLines(
  steps: PlanSteps,
  options: { maxLines?: number; maxLineChars?: number } = {},
): string[] {
  const mark = (status: string | undefined) =>
    status === "completed" ? "[x]" : status === "in_progress" ? "[>]" : "[ ]";
  const lines = steps.map((step) => {
    const line = `${mark(step.status)} ${step.step ?? step.text ?? ""}`.replace(/\s+/g, " ").trim();
    return truncateUtf16Safe(line, options.maxLineChars ?? Number.MAX_SAFE_INTEGER);
  });
  const limit = options.maxLines ?? lines.length;
  return lines.length <= limit ? lines : [...lines.slice(0, limit - 1), `… ${lines.length - limit + 1} more`];
}

export interface DiffStat {
  added: number;
  removed: number;
}

/** `+12 −3`; nothing where nothing changed. */
export function formatChannelProgressDraftDiffStat(stat: DiffStat | null | undefined): string | undefined {
  return stat && (stat.added > 0 || stat.removed > 0) ? `+${stat.added} −${stat.removed}` : undefined;
}

/** `streaming.progress` of an account. */
export function resolveChannelProgressDraftConfig(entry: object | null | undefined): UnknownRecord {
  return asRecordOrEmpty(readPath(entry, ["streaming", "progress"]));
}

export function resolveChannelProgressDraftMaxLines(
  entry: object | null | undefined,
  fallback = DEFAULT_MAX_LINES,
): number {
  return asCount(resolveChannelProgressDraftConfig(entry)["maxLines"]) ?? fallback;
}

export function resolveChannelProgressDraftMaxLineChars(
  entry: object | null | undefined,
  fallback = DEFAULT_LINE_CHARS,
): number {
  return asCount(resolveChannelProgressDraftConfig(entry)["maxLineChars"]) ?? fallback;
}

/** The text a progress message shows: what is going on, the plan, the last lines, the changes. */
export function formatChannelProgressDraftText<Line extends string | { text: string }>(params: {
  entry: object | null | undefined;
  lines: readonly Line[];
  seed?: string;
  formatLine?(line: Line): string;
  narration?: string | undefined;
  plan?: PlanSteps | undefined;
  diffStat?: DiffStat | null | undefined;
  [extra: string]: unknown;
}): string {
  const config = resolveChannelProgressDraftConfig(params.entry);
  const maxLines = asCount(config["maxLines"]) ?? DEFAULT_MAX_LINES;
  const maxChars = resolveChannelProgressDraftMaxLineChars(params.entry);
  const stated = config["label"];
  const label =
    stated === false ? "" : typeof stated === "string" && stated !== "auto" ? stated : DEFAULT_LABEL;
  const format = params.formatLine ?? ((line: Line) => (typeof line === "string" ? line : line.text));
  return [
    params.narration?.trim() || label,
    ...formatPlanChecklistLines(params.plan ?? [], { maxLineChars: maxChars }),
    ...params.lines.slice(-maxLines).map((line) => truncateUtf16Safe(format(line), maxChars)),
    formatChannelProgressDraftDiffStat(params.diffStat),
  ]
    .filter(Boolean)
    .join("\n");
}

/** Tools by which an agent speaks; their use is the answer, no work towards it. */
const SPEAKING_TOOLS = new Set([
  "message",
  "send",
  "send_message",
  "reply",
  "react",
  "reaction",
  "tts",
  "update_plan",
]);

export function isChannelProgressDraftWorkToolName(name: string | null | undefined): boolean {
  const tool = name?.trim().toLowerCase() ?? "";
  return tool !== "" && !SPEAKING_TOOLS.has(tool);
}

/** Counts what a turn has done so far, for a live display. */
export function createChannelProgressWorkCounter(params: { now?(): number } = {}) {
  const now = params.now ?? Date.now;
  let startedAt = now();
  let toolCalls = 0;
  return {
    noteToolCall(toolName?: string) {
      if (isChannelProgressDraftWorkToolName(toolName)) toolCalls++;
    },
    noteItem(item: { phase?: string; kind?: string; [extra: string]: unknown }) {
      const isHidden = item["hideFromChannelProgress"] === true || item["suppressChannelProgress"] === true;
      if (item.phase === "start" && item.kind !== "preamble" && !isHidden) toolCalls++;
    },
    reset() {
      startedAt = now();
      toolCalls = 0;
    },
    get toolCalls() {
      return toolCalls;
    },
    /** At least 1. */
    get elapsedSeconds() {
      return Math.max(1, Math.round((now() - startedAt) / 1_000));
    },
  };
}

function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
