import { isRecord, type UnknownRecord } from "../values/records.ts";
import { normalizeOptionalString } from "../values/strings.ts";

/** Rich messages that every channel can draw in its own way, or say in words (spec 1.11). */

export interface PresentationAction extends UnknownRecord {
  type: string;
}

export interface PresentationButton {
  label: string;
  value?: string;
  url?: string;
  action?: PresentationAction;
  style?: "primary" | "secondary" | "success" | "danger";
  priority?: number;
  disabled?: boolean;
  reusable?: boolean;
  [extra: string]: unknown;
}

export interface PresentationOption {
  label: string;
  value?: string;
  action?: PresentationAction;
}

export type PresentationBlock =
  | { type: "text" | "context"; text: string }
  | { type: "divider" }
  | { type: "buttons"; buttons: PresentationButton[] }
  | { type: "select"; placeholder?: string; options: PresentationOption[] }
  | { type: "table"; caption?: string; headers: string[]; rows: unknown[][]; rowHeaderColumnIndex?: number }
  | {
      type: "chart";
      title?: string;
      chartType: string;
      segments?: { label: string; value: number }[];
      categories?: string[];
      series?: { name: string; values: number[] }[];
    };

export interface MessagePresentation {
  title?: string;
  tone?: "neutral" | "info" | "success" | "warning" | "danger";
  blocks: PresentationBlock[];
}

const TONES: readonly unknown[] = ["neutral", "info", "success", "warning", "danger"];
const STYLES: readonly unknown[] = ["primary", "secondary", "success", "danger"];

/** What a tool or a model wrote, with everything that makes no sense left out; `undefined` when nothing is left. */
export function normalizeMessagePresentation(raw: unknown): MessagePresentation | undefined {
  if (!isRecord(raw)) return undefined;
  const list = Array.isArray(raw["blocks"]) ? raw["blocks"] : [];
  const blocks = list.map(normalizeBlock).filter((block): block is PresentationBlock => block !== undefined);
  const title = normalizeOptionalString(raw["title"]);
  if (blocks.length === 0 && title === undefined) return undefined;
  const tone = TONES.includes(raw["tone"]) ? (raw["tone"] as MessagePresentation["tone"]) : undefined;
  return { ...(title === undefined ? {} : { title }), ...(tone === undefined ? {} : { tone }), blocks };
}

function normalizeBlock(raw: unknown): PresentationBlock | undefined {
  if (!isRecord(raw)) return undefined;
  switch (raw["type"]) {
    case "text":
    case "context": {
      const text = normalizeOptionalString(raw["text"]);
      return text === undefined ? undefined : { type: raw["type"], text };
    }
    case "divider":
      return { type: "divider" };
    case "buttons": {
      const buttons = recordsOf(raw["buttons"]).map(normalizeButton).filter(isPresent);
      return buttons.length > 0 ? { type: "buttons", buttons } : undefined;
    }
    case "select": {
      const options = recordsOf(raw["options"]).map(normalizeOption).filter(isPresent);
      const placeholder = normalizeOptionalString(raw["placeholder"]);
      if (options.length === 0) return undefined;
      return { type: "select", ...(placeholder === undefined ? {} : { placeholder }), options };
    }
    case "table":
      return Array.isArray(raw["headers"]) && Array.isArray(raw["rows"])
        ? ({ ...raw, headers: raw["headers"].map(String) } as PresentationBlock)
        : undefined;
    case "chart":
      return typeof raw["chartType"] === "string" ? (raw as PresentationBlock) : undefined;
    default:
      return undefined;
  }
}

function recordsOf(value: unknown): UnknownRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function actionOf(value: unknown): PresentationAction | undefined {
  return isRecord(value) && typeof value["type"] === "string" ? (value as PresentationAction) : undefined;
}

function normalizeButton(raw: UnknownRecord): PresentationButton | undefined {
  const label = normalizeOptionalString(raw["label"]) ?? normalizeOptionalString(raw["text"]);
  if (label === undefined) return undefined;
  const action = actionOf(raw["action"]);
  const value = normalizeOptionalString(raw["value"]);
  const url = normalizeOptionalString(raw["url"]);
  if (!action && value === undefined && url === undefined && !raw["webApp"] && !raw["web_app"])
    return undefined;
  return {
    label,
    ...(action ? { action } : {}),
    ...(value === undefined ? {} : { value }),
    ...(url === undefined ? {} : { url }),
    ...(raw["webApp"] === undefined ? {} : { webApp: raw["webApp"] }),
    ...(raw["web_app"] === undefined ? {} : { web_app: raw["web_app"] }),
    ...(STYLES.includes(raw["style"])
      ? { style: raw["style"] as NonNullable<PresentationButton["style"]> }
      : {}),
    ...(typeof raw["priority"] === "number" ? { priority: raw["priority"] } : {}),
    ...(raw["disabled"] === true ? { disabled: true } : {}),
    ...(raw["reusable"] === true ? { reusable: true } : {}),
  };
}

function normalizeOption(raw: UnknownRecord): PresentationOption | undefined {
  const label = normalizeOptionalString(raw["label"]);
  const action = actionOf(raw["action"]);
  const value = normalizeOptionalString(raw["value"]);
  if (label === undefined || (!action && value === undefined)) return undefined;
  return { label, ...(action ? { action } : {}), ...(value === undefined ? {} : { value }) };
}

/** What pressing does: the stated action, else the older `url`, web app or callback value. */
export function resolveMessagePresentationButtonAction(
  button: { action?: unknown; url?: unknown; value?: unknown; webApp?: unknown; web_app?: unknown },
  _options?: { modelPicker?: boolean },
): PresentationAction | undefined {
  const action = actionOf(button.action);
  if (action) return action;
  const webApp = button.webApp ?? button.web_app;
  const address = isRecord(webApp) ? normalizeOptionalString(webApp["url"]) : undefined;
  if (address !== undefined) return { type: "web-app", url: address };
  const url = normalizeOptionalString(button.url);
  if (url !== undefined) return { type: "url", url };
  const value = normalizeOptionalString(button.value);
  return value === undefined ? undefined : { type: "callback", value };
}

export function resolveMessagePresentationOptionAction(option: {
  action?: unknown;
  value?: unknown;
}): PresentationAction | undefined {
  return resolveMessagePresentationButtonAction(option);
}

export function resolveMessagePresentationActionValue(
  action: PresentationAction | undefined,
): string | undefined {
  switch (action?.type) {
    case "command":
      return normalizeOptionalString(action["command"]);
    case "callback":
      return normalizeOptionalString(action["value"]);
    default:
      return undefined;
  }
}

/** The text that a control sends back: its action's, else its older value. */
export function resolveMessagePresentationControlValue(control: {
  action?: PresentationAction;
  value?: string;
}): string | undefined {
  return resolveMessagePresentationActionValue(control.action) ?? normalizeOptionalString(control.value);
}

export function isMessagePresentationInteractiveBlock(block: { type: string }): boolean {
  return block.type === "buttons" || block.type === "select";
}

export function hasMessagePresentationBlocks(value: unknown): boolean {
  return normalizeMessagePresentation(value) !== undefined;
}

function cell(value: unknown): string {
  return value === null || value === undefined ? "" : String(value).replace(/\s+/g, " ").trim();
}

export function renderMessagePresentationTableFallbackText(
  table: Extract<PresentationBlock, { type: "table" }>,
): string {
  const rows = table.rows.map((row) =>
    row
      .map((value, index) => (table.headers[index] ? `${table.headers[index]}: ${cell(value)}` : cell(value)))
      .filter((text) => text !== "")
      .join(", "),
  );
  return [...(table.caption ? [table.caption] : []), ...rows].join("\n");
}

export function renderMessagePresentationChartFallbackText(
  chart: Extract<PresentationBlock, { type: "chart" }>,
): string {
  const segments = (chart.segments ?? []).map(({ label, value }) => `${label}: ${value}`);
  const points = (chart.series ?? []).flatMap(({ name, values }) =>
    values.map((value, index) => `${name}, ${chart.categories?.[index] ?? index + 1}: ${value}`),
  );
  return [...(chart.title ? [chart.title] : []), ...segments, ...points].join("\n");
}

function buttonText(button: PresentationButton): string {
  const action = resolveMessagePresentationButtonAction(button);
  if (action?.type === "url" || action?.type === "web-app")
    return `${button.label}: ${String(action["url"])}`;
  if (action?.type === "command") return `${button.label}: \`${String(action["command"])}\``;
  return button.label;
}

function blockText(block: PresentationBlock): string {
  switch (block.type) {
    case "text":
    case "context":
      return block.text;
    case "divider":
      return "---";
    case "buttons":
      return block.buttons
        .filter(({ disabled }) => !disabled)
        .map((button) => `- ${buttonText(button)}`)
        .join("\n");
    case "select":
      return [
        ...(block.placeholder ? [`${block.placeholder}:`] : []),
        ...block.options.map(({ label }) => `- ${label}`),
      ].join("\n");
    case "table":
      return renderMessagePresentationTableFallbackText(block);
    case "chart":
      return renderMessagePresentationChartFallbackText(block);
  }
}

/** A rich message in words, behind the text that goes with it. */
export function renderMessagePresentationFallbackText(params: {
  presentation?: MessagePresentation | undefined;
  text?: string | null;
  emptyFallback?: string | null;
}): string {
  const { presentation } = params;
  const parts = [
    params.text?.trim() ?? "",
    presentation?.title ?? "",
    ...(presentation?.blocks ?? []).map(blockText),
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join("\n\n") : (params.emptyFallback ?? "");
}
