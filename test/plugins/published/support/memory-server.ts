import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface MemoryRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are asserted on, field by field
  body: any;
}

interface Memory {
  id: string;
  memory: string;
  user_id: string;
}

/** A server of the Mem0 platform's wire format; what it is told to remember it finds by any shared word. */
export async function memoryServer(key: string) {
  const requests: MemoryRequest[] = [];
  const memories: Memory[] = [];
  const wakers: (() => void)[] = [];

  const answer = ({ method, path, authorization, body }: MemoryRequest): [number, unknown] => {
    if (authorization !== `Token ${key}`) return [401, { detail: "Invalid token" }];
    if (path.startsWith("/v1/ping/"))
      return [200, { status: "ok", org_id: "o", project_id: "p", user_email: "" }];
    if (/^\/v[13]\/memories\/(add\/)?$/.test(path) && method === "POST" && body.messages) {
      const said = (body.messages as { role: string; content: string }[]).filter(
        ({ role }) => role === "user",
      );
      const owner = String(body.user_id ?? body.userId);
      const added = said.map(({ content }) => ({
        id: `m${memories.length + 1}`,
        memory: content,
        user_id: owner,
      }));
      memories.push(...added);
      return [200, { results: added.map((one) => ({ ...one, event: "ADD" })) }];
    }
    if (path.includes("/memories/search/")) {
      const words = String(body.query)
        .toLowerCase()
        .split(/\W+/)
        .filter((word) => word.length > 4);
      const found = memories.filter(({ memory }) =>
        words.some((word) => memory.toLowerCase().includes(word)),
      );
      return [200, { results: found.map((one) => ({ ...one, score: 0.9 })) }];
    }
    if (/^\/v[23]\/memories\/(\?.*)?$/.test(path))
      return [200, { count: memories.length, results: memories }];
    const one = /^\/v1\/memories\/([^/]+)\//.exec(path)?.[1];
    const at = memories.findIndex(({ id }) => id === one);
    if (at < 0) return [404, { detail: "no such memory" }];
    if (method === "DELETE") memories.splice(at, 1);
    if (method === "PUT") (memories[at] as Memory).memory = body.text;
    return [200, memories[at] ?? { message: "deleted" }];
  };

  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const seen: MemoryRequest = {
        method: request.method ?? "",
        path: request.url ?? "",
        authorization: request.headers.authorization,
        body: text ? JSON.parse(text) : undefined,
      };
      requests.push(seen);
      const [status, value] = answer(seen);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
      for (const wake of wakers.splice(0)) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    memories,
    async received(fits: (request: MemoryRequest) => boolean): Promise<MemoryRequest> {
      for (;;) {
        const found = requests.find(fits);
        if (found) return found;
        await new Promise<void>((resolve) => wakers.push(resolve));
      }
    },
  };
}
