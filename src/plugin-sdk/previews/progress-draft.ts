import {
  resolveChannelStreamingPreviewToolProgress,
  type StreamingMode,
} from "../outbound/streaming-settings.ts";
import { readPath } from "../values/records.ts";
import { truncateUtf16Safe } from "../values/text.ts";
import {
  DEFAULT_LABEL,
  DEFAULT_LINE_CHARS,
  DEFAULT_MAX_LINES,
  formatPlanChecklistLines,
  type PlanSteps as Steps,
} from "./progress-text.ts";

/** What an agent is doing, as a few lines that are edited while it works. */

export interface ProgressLine {
  id?: string;
  kind: "tool" | "item" | "plan" | "approval" | "command-output" | "patch";
  text: string;
  label: string;
  detail?: string;
  status?: string;
  complete?: boolean;
  toolName?: string;
}

export interface ProgressEvent {
  event?: string;
  itemId?: string | undefined;
  toolCallId?: string | undefined;
  name?: string | undefined;
  title?: string | undefined;
  phase?: string | undefined;
  status?: string | undefined;
  summary?: string | undefined;
  progressText?: string | undefined;
  command?: string | undefined;
  exitCode?: number | null | undefined;
  args?: Record<string, unknown> | undefined;
  [extra: string]: unknown;
}

const KINDS: Record<string, ProgressLine["kind"]> = {
  tool: "tool",
  item: "item",
  plan: "plan",
  approval: "approval",
  "command-output": "command-output",
  patch: "patch",
};

/** One event as one line; `undefined` when there is nothing to say. */
export function buildProgressLine(input: ProgressEvent): ProgressLine | undefined {
  const label = (input.title ?? input.name ?? input.event ?? "").trim();
  const detail = (input.summary ?? input.progressText ?? input.command ?? "").trim();
  if (label === "" && detail === "") return undefined;
  const failed = input.status === "failed" || input.status === "error" || (input.exitCode ?? 0) !== 0;
  const text = [label, detail].filter(Boolean).join(": ") + (failed ? " (failed)" : "");
  const id = input.itemId ?? input.toolCallId;
  return {
    kind: KINDS[input.event ?? ""] ?? "tool",
    text,
    label,
    ...(id === undefined ? {} : { id }),
    ...(detail === "" ? {} : { detail }),
    ...(input.status === undefined ? {} : { status: input.status }),
    ...(input.phase === "end" || input.phase === "result" ? { complete: true } : {}),
    ...(input.name === undefined ? {} : { toolName: input.name }),
  };
}

/** The line of an event as the account wants to see it. */
export function buildChannelProgressDraftLineForEntry(
  entry: object | null | undefined,
  input: ProgressEvent,
  _options?: object,
): ProgressLine | undefined {
  return resolveChannelStreamingPreviewToolProgress(entry) ? buildProgressLine(input) : undefined;
}

/** The same as text; `undefined` where the account wants no such lines. */
export function formatChannelProgressDraftLineForEntry(
  entry: object | null | undefined,
  input: ProgressEvent,
  options?: object,
): string | undefined {
  return buildChannelProgressDraftLineForEntry(entry, input, options)?.text;
}

type Line = ProgressLine | string | undefined;

export interface ProgressDraftOptions {
  entry: object | null | undefined;
  mode: StreamingMode;
  active: boolean;
  seed: string;
  update?(text: string, options: { flush?: boolean }): unknown;
  deleteCurrent?(): unknown;
  formatLine?(line: string): string;
  shouldStartNow?(line: Line): boolean;
  [extra: string]: unknown;
}

/** Collects what happens in a turn and shows it as one message: a headline, the plan, the last lines. */
export function createChannelProgressDraftCompositor(options: ProgressDraftOptions) {
  return new ProgressDraft(options);
}

class ProgressDraft {
  readonly previewToolProgressEnabled: boolean;
  readonly commentaryProgressEnabled: boolean;
  readonly #options: ProgressDraftOptions;
  readonly #maxLines: number;
  readonly #maxChars: number;
  readonly #label: string;
  #lines: { id: string | undefined; text: string }[] = [];
  #plan: string[] = [];
  #headline = "";
  #reasoning = "";
  #started = false;
  #visible = false;
  #suppressed = false;

  constructor(options: ProgressDraftOptions) {
    this.#options = options;
    const setting = (key: string) => readPath(options.entry, ["streaming", "progress", key]);
    this.previewToolProgressEnabled =
      options.active && resolveChannelStreamingPreviewToolProgress(options.entry, true, options.mode);
    this.commentaryProgressEnabled =
      options.active && options.mode === "progress" && setting("commentary") !== false;
    this.#maxLines = asCount(setting("maxLines")) ?? DEFAULT_MAX_LINES;
    this.#maxChars = asCount(setting("maxLineChars")) ?? DEFAULT_LINE_CHARS;
    const label = setting("label");
    this.#label =
      label === false ? "" : typeof label === "string" && label !== "auto" ? label : DEFAULT_LABEL;
  }

  get suppressDefaultToolProgressMessages(): boolean {
    return this.#options.active;
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  get isVisible(): boolean {
    return this.#visible;
  }

  get hasStatusHeadline(): boolean {
    return this.#headline !== "";
  }

  get hasPlanProgress(): boolean {
    return this.#plan.length > 0;
  }

  getText(): string {
    const format = this.#options.formatLine ?? ((line: string) => line);
    const lines = this.#lines
      .slice(-this.#maxLines)
      .map(({ text }) => format(truncateUtf16Safe(text, this.#maxChars)));
    return [this.#headline || this.#label, ...this.#plan, ...lines].filter(Boolean).join("\n");
  }

  getSnapshot() {
    return { lines: this.#lines.map(({ text }) => text), headline: this.#headline, plan: [...this.#plan] };
  }

  start = async (): Promise<void> => {
    if (!this.#may()) return;
    this.#started = true;
    await this.#show(false);
  };

  noteActivity = async (given: { startImmediately?: boolean } = {}): Promise<boolean> => {
    if (!this.#may()) return false;
    if (given.startImmediately && this.#options.mode === "progress") await this.start();
    return this.#visible;
  };

  pushToolProgress = async (
    line?: Line,
    given: { startImmediately?: boolean; flush?: boolean; toolName?: string } = {},
  ): Promise<boolean> => {
    const text = (typeof line === "string" ? line : line?.text)?.trim();
    if (!text || !this.#may() || !this.previewToolProgressEnabled) return false;
    const id = typeof line === "object" ? line.id : undefined;
    const known = id === undefined ? undefined : this.#lines.find((existing) => existing.id === id);
    if (known) known.text = text;
    else if (this.#lines.at(-1)?.text !== text) this.#lines.push({ id, text });
    this.#lines = this.#lines.slice(-this.#maxLines);
    const starts =
      this.#started ||
      given.startImmediately ||
      this.#options.shouldStartNow?.(line) ||
      this.#lines.length > 1;
    if (!starts) return false;
    this.#started = true;
    return this.#show(given.flush === true);
  };

  #push = (event: string) => (payload: ProgressEvent) =>
    this.pushToolProgress(buildProgressLine({ ...payload, event: (payload["kind"] as string) ?? event }));

  pushToolEvent = this.#push("tool");
  pushItemEvent = this.#push("item");
  pushApprovalEvent = this.#push("approval");
  pushCommandOutputEvent = this.#push("command-output");
  pushPatchEvent = this.#push("patch");

  pushPlanProgress = async (steps: Steps = [], given: { explanation?: string } = {}): Promise<boolean> => {
    if (!this.#may()) return false;
    this.#plan = formatPlanChecklistLines(steps);
    if (given.explanation) this.#plan.unshift(given.explanation);
    this.#started = true;
    return this.#show(false);
  };

  pushPreambleHeadline = (text?: string): Promise<boolean> => this.#setHeadline(text);
  pushNarrationProgress = (text?: string): Promise<boolean> => this.#setHeadline(text);

  pushCommentaryProgress = async (text?: string, given: { itemId?: string } = {}): Promise<boolean> => {
    if (!this.commentaryProgressEnabled || !text?.trim()) return false;
    const line: ProgressLine = { kind: "item", text: text.trim(), label: "" };
    return this.pushToolProgress(given.itemId === undefined ? line : { ...line, id: given.itemId });
  };

  pushReasoningProgress = async (text?: string, given: { snapshot?: boolean } = {}): Promise<boolean> => {
    if (!this.commentaryProgressEnabled) return false;
    const merged = this.mergeReasoningProgress(text, given).trim();
    if (merged === "") return false;
    const last = merged.split("\n").at(-1) as string;
    return this.pushToolProgress({ id: "reasoning", kind: "item", text: last, label: "" });
  };

  mergeReasoningProgress = (text?: string, given: { snapshot?: boolean } = {}): string => {
    this.#reasoning = given.snapshot ? (text ?? "") : this.#reasoning + (text ?? "");
    return this.#reasoning;
  };

  resetReasoningProgress = (): void => {
    this.#reasoning = "";
  };

  markFinalReplyStarted(): void {
    this.#suppressed = true;
  }

  markFinalReplyDelivered(): void {
    this.#suppressed = true;
    this.reset();
  }

  beginAssistantMessage(): void {
    this.#reasoning = "";
  }

  beginNewTurn(): boolean {
    this.reset();
    this.#suppressed = false;
    return true;
  }

  reset(): void {
    this.#lines = [];
    this.#plan = [];
    this.#headline = "";
    this.#reasoning = "";
    this.#started = false;
    this.#visible = false;
  }

  resetActivity(given: { suppressed?: boolean } = {}): void {
    this.#lines = [];
    this.#suppressed = given.suppressed ?? this.#suppressed;
  }

  suppress(): void {
    this.#suppressed = true;
  }

  cancel(): void {
    this.#suppressed = true;
    void this.#options.deleteCurrent?.();
  }

  #may(): boolean {
    return this.#options.active && !this.#suppressed;
  }

  async #setHeadline(text: string | undefined): Promise<boolean> {
    if (!text?.trim() || !this.#may() || this.#options.mode !== "progress") return false;
    this.#headline = truncateUtf16Safe(text.trim(), this.#maxChars);
    this.#started = true;
    return this.#show(false);
  }

  async #show(flush: boolean): Promise<boolean> {
    const text = this.getText();
    if (text === "" || !this.#options.update) return false;
    const shown = await this.#options.update(text, { flush });
    this.#visible = shown !== false;
    return this.#visible;
  }
}

function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
