import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface PublishedPackage {
  name: string;
  version: string;
  description?: string;
  keywords?: string[];
}

/** The search of an npm registry on loopback, in its wire format; closed when the test ends. */
export async function npmRegistry(packages: readonly PublishedPackage[]) {
  const asked: string[] = [];
  let answer: (() => Promise<void>) | undefined;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    asked.push(url.pathname + url.search);
    if (url.pathname !== "/-/v1/search") return void response.writeHead(404).end("{}");
    const words = (url.searchParams.get("text") ?? "").toLowerCase().split(/\s+/);
    const text = (one: PublishedPackage) => JSON.stringify(one).toLowerCase();
    const objects = packages
      .filter((one) => words.every((word) => text(one).includes(word)))
      .slice(0, Number(url.searchParams.get("size") ?? 20))
      .map((one) => ({
        package: {
          scope: "unscoped",
          date: "2026-01-02T03:04:05.000Z",
          links: {},
          publisher: { username: "somebody", email: "somebody@example.com" },
          maintainers: [],
          keywords: [],
          ...one,
        },
        score: { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } },
        searchScore: 1,
      }));
    const send = () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ objects, total: objects.length, time: "now" }));
    };
    if (answer) void answer().then(send);
    else send();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    /** Keeps answers back until the promise resolves. */
    hold(until: Promise<void>) {
      answer = () => until;
    },
  };
}
