import { truncateUtf16Safe } from "../../kernel/cut-text.ts";
import { isRecord } from "../../kernel/records.ts";

/** Recipients that a question shows by name. */
export const MAX_SCOPE_RECIPIENTS = 5;
/** Longest text of a scope. */
export const MAX_SCOPE_TEXT = 256;

/** What an approval is about, for whoever decides; nothing follows from it (plugin-sdk spec 4.8). */
export type ApprovalScope =
  | {
      kind: "message-send";
      target: string;
      recipientCount: number;
      recipients?: string[];
      audience?: string;
    }
  | { kind: "payment"; amount: string | number; currency: string; target: string }
  | { kind: "external-post"; target: string; visibility: string };

/** The known fields of a plugin's scope; `undefined` for one that does not say what it has to. */
export function approvalScope(given: unknown): ApprovalScope | undefined {
  if (!isRecord(given)) return undefined;
  const target = shown(given["target"]);
  if (target === undefined) return undefined;
  switch (given["kind"]) {
    case "message-send":
      return messageSend(given, target);
    case "payment": {
      const amount = amountOf(given["amount"]);
      const currency = shown(given["currency"]);
      return amount === undefined || currency === undefined
        ? undefined
        : { kind: "payment", amount, currency, target };
    }
    case "external-post": {
      const visibility = shown(given["visibility"]);
      return visibility === undefined ? undefined : { kind: "external-post", target, visibility };
    }
    default:
      return undefined;
  }
}

function messageSend(given: Record<string, unknown>, target: string): ApprovalScope | undefined {
  const { recipientCount, recipients } = given;
  if (!Number.isSafeInteger(recipientCount) || (recipientCount as number) < 0) return undefined;
  const named = (Array.isArray(recipients) ? recipients : [])
    .slice(0, MAX_SCOPE_RECIPIENTS)
    .flatMap((one) => shown(one) ?? []);
  const audience = shown(given["audience"]);
  return {
    kind: "message-send",
    target,
    recipientCount: recipientCount as number,
    ...(named.length > 0 ? { recipients: named } : {}),
    ...(audience === undefined ? {} : { audience }),
  };
}

function amountOf(value: unknown): string | number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : shown(value);
}

/** One line without control characters; `undefined` when nothing is left of it. */
function shown(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return text === "" ? undefined : truncateUtf16Safe(text, MAX_SCOPE_TEXT);
}
