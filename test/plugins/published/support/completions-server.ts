import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface CompletionsRequest {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, field by field
  body: any;
}

/** What the server does with one request. */
export type CompletionsAnswer =
  | { status: number; headers?: Record<string, string>; error: string }
  | { deltas: readonly object[]; finish?: string; usage?: object };

/** A server of the chat-completions wire format that answers from a script; `GET /models` lists `models`. */
export async function completionsServer(script: {
  answers: CompletionsAnswer[];
  models?: readonly string[];
}) {
  const requests: CompletionsRequest[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      requests.push({ path, headers: request.headers, body: text ? JSON.parse(text) : undefined });
      if (request.method === "GET" && path.endsWith("/models")) {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ object: "list", data: (script.models ?? []).map((id) => ({ id })) }));
        return;
      }
      const answer = script.answers.shift();
      if (!answer || "status" in answer) {
        const { status, headers, error } = answer ?? { status: 500, headers: {}, error: "no script" };
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify({ error: { message: error, type: "x" } }));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = (value: object) => response.write(`data: ${JSON.stringify({ id: "c1", ...value })}\n\n`);
      for (const delta of answer.deltas) chunk({ choices: [{ index: 0, delta }] });
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: answer.finish ?? "stop" }] });
      if (answer.usage) chunk({ choices: [], usage: answer.usage });
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    asked: () => requests.filter(({ path }) => path.endsWith("/chat/completions")),
  };
}

/** A model of the operator's own, answering from the script; `config` makes it the agent's. */
export async function scriptedModel(answers: CompletionsAnswer[]) {
  const server = await completionsServer({ answers });
  return {
    ...server,
    config: {
      models: {
        providers: { local: { baseUrl: server.url, api: "openai-completions", models: [{ id: "small" }] } },
      },
      agents: { defaults: { model: "local/small" } },
    },
    /** What the tool of the newest call gave, as the model was told. */
    toolResult(): string {
      const messages = server.asked().at(-1)?.body.messages as { role: string; content: string }[];
      return messages.findLast(({ role }) => role === "tool")?.content ?? "";
    },
  };
}

/** An answer that calls one tool. */
export function callsTool(name: string, args: object): CompletionsAnswer {
  const call = {
    index: 0,
    id: "call_1",
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  };
  return { deltas: [{ tool_calls: [call] }], finish: "tool_calls" };
}

export function says(content: string): CompletionsAnswer {
  return { deltas: [{ content }] };
}
