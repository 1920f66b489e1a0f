import { createServer } from "node:http";
import { type Disposable, disposable, errorMessage, SluiceError } from "sluice/plugin-sdk/foundation";
import type { CaptureRoute } from "./routes.ts";

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** Serves the capture routes on an address of their own, for programs that expect them there. */
export async function openListener(address: string, routes: readonly CaptureRoute[]): Promise<Disposable> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(colon + 1));
  if (host === "" || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SluiceError(
      "CAPTURE_CONFIG_INVALID",
      `capture-ingest setting listen must be host:port, not "${address}"`,
    );
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      const path = request.url?.split("?", 1)[0]?.replace(/\/$/, "");
      const route = routes.find((entry) => entry.path === path);
      if (route) void route.handler(request, response);
      else {
        response.writeHead(404, {
          "Content-Type": "application/json; charset=utf-8",
          "Cache-Control": "no-store",
        });
        response.end('{"detail":"Not found"}');
      }
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new SluiceError(
          "CAPTURE_LISTEN_FAILED",
          `capture cannot listen on ${address}: ${errorMessage(error)}`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen(port, host, () => resolve());
  });
  return disposable(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  );
}

/** True for addresses that only programs of this machine can reach. */
export function isLoopback(address: string): boolean {
  return /^(?:127\.|localhost:|\[::1\])/.test(address);
}
