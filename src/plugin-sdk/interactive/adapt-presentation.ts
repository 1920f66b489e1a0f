import { isRecord, type UnknownRecord } from "../values/records.ts";
import { truncateUtf16Safe } from "../values/text.ts";
import {
  type MessagePresentation,
  normalizeMessagePresentation,
  type PresentationBlock,
  type PresentationButton,
  renderMessagePresentationChartFallbackText,
  renderMessagePresentationFallbackText,
  renderMessagePresentationTableFallbackText,
  resolveMessagePresentationControlValue,
} from "./presentation.ts";

/** What a platform can draw (spec 1.11); what is not stated, it can not. Tables and charts only where stated. */
export interface PresentationCapabilities {
  supported?: boolean;
  buttons?: boolean;
  selects?: boolean;
  context?: boolean;
  divider?: boolean;
  tables?: boolean;
  charts?: boolean;
  limits?: {
    actions?: {
      maxActions?: number;
      maxActionsPerRow?: number;
      maxRows?: number;
      maxLabelLength?: number;
      maxValueBytes?: number;
      supportsDisabled?: boolean;
    };
    selects?: { maxOptions?: number; maxLabelLength?: number; maxValueBytes?: number };
    text?: { maxLength?: number; [extra: string]: unknown };
  };
  [extra: string]: unknown;
}

/** A rich message with every block that the platform can not draw said in words. */
export function adaptMessagePresentationForChannel(params: {
  presentation: MessagePresentation;
  capabilities?: PresentationCapabilities | undefined;
}): MessagePresentation {
  const { presentation, capabilities = {} } = params;
  const actions = capabilities.limits?.actions ?? {};
  const rows =
    (actions.maxRows ?? Number.MAX_SAFE_INTEGER) * (actions.maxActionsPerRow ?? Number.MAX_SAFE_INTEGER);
  const budget = { left: Math.min(actions.maxActions ?? Number.MAX_SAFE_INTEGER, rows) };
  const blocks = presentation.blocks.flatMap((block) => adaptBlock(block, capabilities, budget));
  return { ...presentation, blocks };
}

function adaptBlock(
  block: PresentationBlock,
  capabilities: PresentationCapabilities,
  budget: { left: number },
): PresentationBlock[] {
  switch (block.type) {
    case "text":
    case "context": {
      const maxLength = capabilities.limits?.text?.maxLength;
      const text = maxLength === undefined ? block.text : truncateUtf16Safe(block.text, maxLength);
      return [{ type: block.type === "context" && !capabilities.context ? "text" : block.type, text }];
    }
    case "divider":
      return capabilities.divider ? [block] : [];
    case "table":
      return capabilities.tables ? [block] : said(renderMessagePresentationTableFallbackText(block));
    case "chart":
      return capabilities.charts ? [block] : said(renderMessagePresentationChartFallbackText(block));
    case "buttons":
      return adaptButtons(block.buttons, capabilities, budget);
    case "select":
      return adaptSelect(block, capabilities);
  }
}

function said(text: string): PresentationBlock[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function inWords(block: PresentationBlock): PresentationBlock[] {
  return said(renderMessagePresentationFallbackText({ presentation: { blocks: [block] } }));
}

function isTooLong(value: string | undefined, maxBytes: number | undefined): boolean {
  return value !== undefined && maxBytes !== undefined && Buffer.byteLength(value) > maxBytes;
}

/** The most important buttons are drawn, in their order; the others are said. */
function adaptButtons(
  buttons: readonly PresentationButton[],
  capabilities: PresentationCapabilities,
  budget: { left: number },
): PresentationBlock[] {
  if (!capabilities.buttons) return inWords({ type: "buttons", buttons: [...buttons] });
  const limits = capabilities.limits?.actions ?? {};
  const usable = buttons.filter((button) => {
    const value = resolveMessagePresentationControlValue(button);
    return !(button.disabled && !limits.supportsDisabled) && !isTooLong(value, limits.maxValueBytes);
  });
  const chosen = new Set(
    [...usable].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0)).slice(0, Math.max(0, budget.left)),
  );
  budget.left -= chosen.size;
  const shorten = (button: PresentationButton) =>
    limits.maxLabelLength === undefined
      ? button
      : { ...button, label: truncateUtf16Safe(button.label, limits.maxLabelLength) };
  const drawn = usable.filter((button) => chosen.has(button)).map(shorten);
  const left = buttons.filter((button) => !chosen.has(button) && !button.disabled);
  return [
    ...(drawn.length > 0 ? [{ type: "buttons" as const, buttons: drawn }] : []),
    ...(left.length > 0 ? inWords({ type: "buttons", buttons: left }) : []),
  ];
}

function adaptSelect(
  block: Extract<PresentationBlock, { type: "select" }>,
  capabilities: PresentationCapabilities,
): PresentationBlock[] {
  const limits = capabilities.limits?.selects ?? {};
  if (!capabilities.selects) return inWords(block);
  const usable = block.options.filter(
    (option) => !isTooLong(resolveMessagePresentationControlValue(option), limits.maxValueBytes),
  );
  const drawn = usable
    .slice(0, limits.maxOptions ?? usable.length)
    .map((option) =>
      limits.maxLabelLength === undefined
        ? option
        : { ...option, label: truncateUtf16Safe(option.label, limits.maxLabelLength) },
    );
  const labels = new Set([...usable.slice(0, drawn.length)]);
  const left = block.options.filter((option) => !labels.has(option));
  return [
    ...(drawn.length > 0 ? [{ ...block, options: drawn }] : []),
    ...(left.length > 0 ? inWords({ ...block, options: left }) : []),
  ];
}

type Payload = UnknownRecord & { text?: string; presentation?: unknown };

/**
 * A payload as its channel sends it: drawn by the channel where it can draw the adapted message, otherwise in
 * words behind the payload's text. Under `presentationTextMode: "fallback"` the text already says it all.
 */
export async function renderPresentationForDelivery<P extends Payload>(
  adapter: {
    presentationCapabilities?: PresentationCapabilities;
    renderPresentation?(
      payload: P & { presentation: MessagePresentation },
      source: MessagePresentation,
    ): Promise<P | null | undefined> | P | null | undefined;
  },
  payload: P,
): Promise<P> {
  const source = normalizeMessagePresentation(payload.presentation);
  if (!source) return payload;
  const capabilities = adapter.presentationCapabilities;
  if (adapter.renderPresentation && capabilities?.supported !== false) {
    const presentation = adaptMessagePresentationForChannel({ presentation: source, capabilities });
    const rendered = await adapter.renderPresentation({ ...payload, presentation }, source);
    if (rendered) {
      const { presentation: _drawn, presentationTextMode: _mode, ...rest } = rendered;
      return rest as unknown as P;
    }
  }
  const { presentation: _said, presentationTextMode: mode, ...rest } = payload;
  if (mode === "fallback" && payload.text?.trim()) return rest as unknown as P;
  const text = renderMessagePresentationFallbackText({ presentation: source, text: payload.text ?? null });
  return { ...rest, text } as unknown as P;
}

/** The older form of rich messages: texts, buttons and choices only. */
export interface LegacyInteractiveReply {
  blocks: Extract<PresentationBlock, { type: "text" | "context" | "buttons" | "select" }>[];
}

export function normalizeLegacyInteractiveReply(raw: unknown): LegacyInteractiveReply | undefined {
  if (!isRecord(raw)) return undefined;
  const presentation = normalizeMessagePresentation({ blocks: raw["blocks"] });
  const blocks = (presentation?.blocks ?? []).filter(
    (block): block is LegacyInteractiveReply["blocks"][number] =>
      block.type === "text" || block.type === "buttons" || block.type === "select",
  );
  return blocks.length > 0 ? { blocks } : undefined;
}

export function legacyInteractiveReplyToPresentation(
  interactive: LegacyInteractiveReply,
): MessagePresentation | undefined {
  return interactive.blocks.length > 0 ? { blocks: [...interactive.blocks] } : undefined;
}

/** The text that goes with the older form: its own, else that of its text blocks. */
export function resolveLegacyInteractiveTextFallback(params: {
  text?: string | null;
  interactive?: LegacyInteractiveReply | null | undefined;
}): string | undefined {
  if (params.text?.trim()) return params.text;
  const texts = (params.interactive?.blocks ?? []).flatMap((block) => ("text" in block ? [block.text] : []));
  return texts.join("\n\n").trim() || params.text || undefined;
}

/** Folds the blocks of an older rich reply into what its platform draws. */
export function reduceInteractiveReply<State>(
  interactive: LegacyInteractiveReply | undefined,
  initial: State,
  reduce: (state: State, block: LegacyInteractiveReply["blocks"][number], index: number) => State,
): State {
  return (interactive?.blocks ?? []).reduce(reduce, initial);
}
