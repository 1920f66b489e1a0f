import type { Disposable } from "../../kernel/disposable.ts";
import { shownLine } from "../../kernel/shown-text.ts";
import type { RpcClient } from "../client/rpc-client.ts";
import type { Output } from "../output/output.ts";

interface AskedQuestion {
  id: string;
  request: {
    runId?: string;
    pluginId?: string;
    title: string;
    description?: string;
    allowedDecisions?: readonly string[];
  };
}

/**
 * Shows what a plugin asks while a run waits for the answer (spec 4.6), and how to give it: without that the person
 * who started the run sees it hang.
 */
export function showQuestions(client: RpcClient, output: Output, runId: string): Disposable {
  return client.onEvent(({ event, payload }) => {
    if (event !== "plugin.approval.requested") return;
    const { id, request } = payload as AskedQuestion;
    if (request.runId !== runId) return;
    const { pluginId, title, description, allowedDecisions = [] } = request;
    const [first = "allow-once", ...others] = allowedDecisions;
    output.note(
      [
        `${pluginId || "A plugin"} asks: ${title}`,
        ...(description ? [`  ${description}`] : []),
        "Answer on the page of the gateway, or from another terminal:",
        `  sluice gateway call plugin.approval.resolve --params '${JSON.stringify({ id, decision: first })}'`,
        ...(others.length > 0 ? [`  (other answers: ${others.join(", ")})`] : []),
      ]
        .map(shownLine)
        .join("\n"),
    );
  });
}
