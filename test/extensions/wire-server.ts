import type { IncomingMessage } from "node:http";
import { serve } from "./support.ts";

export interface WireRequest {
  path: string;
  headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, field by field
  body: any;
}

/** A model server that keeps what it was asked and answers each path with `answers[path]`. */
export async function wireServer(answers: Record<string, WireAnswer>) {
  const asked: WireRequest[] = [];
  const url = await serve((request, response, text) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    asked.push({ path, headers: request.headers, body: text === "" ? undefined : JSON.parse(text) });
    const answer = answers[path];
    if (!answer) return void response.writeHead(404).end();
    if ("json" in answer) {
      response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer.json));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of answer.events) {
      const name = (event as { type?: string }).type;
      response.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
    }
    response.end(answer.end ?? "");
  });
  return { asked, url };
}

export type WireAnswer = { json: unknown; status?: number } | { events: readonly object[]; end?: string };

/** A message of Anthropic's protocol that says `text`. */
export function saying(text: string): WireAnswer {
  return {
    events: [
      {
        type: "message_start",
        message: {
          id: "msg_1",
          model: "claude-real",
          usage: { input_tokens: 9, cache_read_input_tokens: 4 },
        },
      },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "ping" },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
      { type: "message_stop" },
    ],
  };
}

/** A chat completion that says `text`. */
export function completing(text: string): WireAnswer {
  return {
    events: [
      { choices: [{ delta: { content: text } }] },
      { choices: [{ delta: {}, finish_reason: "stop" }] },
    ],
    end: "data: [DONE]\n\n",
  };
}
