import { describe, expect, it } from "vitest";
import type { ToolApprovalRequest } from "../../../src/contracts/hooks.ts";
import {
  MAX_APPROVAL_DESCRIPTION,
  MAX_APPROVAL_TITLE,
  questionOf,
} from "../../../src/runtime/workflow/approval-question.ts";
import {
  approvalScope,
  MAX_SCOPE_RECIPIENTS,
  MAX_SCOPE_TEXT,
} from "../../../src/runtime/workflow/approval-scope.ts";

const asked = (approval: object) =>
  questionOf(approval as ToolApprovalRequest, { toolName: "pay", params: {} });

describe("the question of a tool call", () => {
  it("[F126] is within its limits and offers every decision unless told otherwise", () => {
    const title = "t".repeat(MAX_APPROVAL_TITLE);
    const description = "d".repeat(MAX_APPROVAL_DESCRIPTION);
    expect(asked({ title, description })).toEqual({
      pluginId: "",
      toolName: "pay",
      title,
      description,
      severity: "warning",
      allowedDecisions: ["allow-once", "allow-always", "deny"],
    });
    const longer = asked({ title: `${title}x`, description: `${description}x`, severity: "critical" });
    expect(longer).toMatchObject({ title, description, severity: "critical" });
    expect(asked({ title, allowedDecisions: ["deny", "maybe", "allow-once"] }).allowedDecisions).toEqual([
      "allow-once",
      "deny",
    ]);
  });

  it("[F126] can be shown whatever a plugin left out or wrote wrongly", () => {
    expect(asked({ severity: "red", allowedDecisions: "deny", scope: "everything" })).toEqual({
      pluginId: "",
      toolName: "pay",
      title: "Call pay?",
      description: "",
      severity: "warning",
      allowedDecisions: ["allow-once", "allow-always", "deny"],
    });
  });
});

describe("the scope of an approval", () => {
  it("[F126] keeps the known fields of the three kinds", () => {
    const recipients = ["a", "b", "c", "d", "e", "f"];
    expect(
      approvalScope({
        kind: "message-send",
        target: "#all\u0000 hands",
        recipientCount: 6,
        recipients,
        audience: "team",
        more: 1,
      }),
    ).toEqual({
      kind: "message-send",
      target: "#all hands",
      recipientCount: 6,
      recipients: recipients.slice(0, MAX_SCOPE_RECIPIENTS),
      audience: "team",
    });
    const payment = { kind: "payment", amount: 12.5, currency: "EUR", target: "x".repeat(MAX_SCOPE_TEXT) };
    expect(approvalScope({ ...payment, target: `${payment.target}x` })).toEqual(payment);
    const post = { kind: "external-post", target: "blog", visibility: "public" };
    expect(approvalScope(post)).toEqual(post);
  });

  it.each([
    undefined,
    "payment",
    [],
    { kind: "other", target: "x" },
    { kind: "payment", amount: 1, currency: "EUR" },
    { kind: "payment", amount: Number.NaN, currency: "EUR", target: "x" },
    { kind: "message-send", target: "x", recipientCount: -1 },
    { kind: "external-post", target: "x" },
    { kind: "external-post", target: " ", visibility: "public" },
  ])("[F126] is left out when it does not say what it has to: %j", (scope) => {
    expect(approvalScope(scope)).toBeUndefined();
  });
});
