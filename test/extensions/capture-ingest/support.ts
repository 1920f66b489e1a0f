import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { readConfig } from "../../../extensions/capture-ingest/config.ts";
import { Gate } from "../../../extensions/capture-ingest/http/gate.ts";
import { captureRoutes } from "../../../extensions/capture-ingest/http/routes.ts";
import { type CaptureOptions, CaptureService } from "../../../extensions/capture-ingest/service.ts";
import type { Clock } from "../../../src/kernel/clock.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export const KEY = "a-key-of-the-tests-0123";
export const workerFile = fileURLToPath(
  new URL("../../../dist/extensions/capture-ingest/capture.worker.cjs", import.meta.url),
);
/** Noon of 1 March 2026, UTC. */
export const NOW = Date.UTC(2026, 2, 1, 12);
export const NOW_S = NOW / 1_000;

export interface LogLine {
  level: string;
  message: string;
}

export interface Harness {
  service: CaptureService;
  stateDir: string;
  vault: string;
  clock: Clock;
  log: LogLine[];
  url: string;
  /** Sends a request to the ingest route. */
  post(body: unknown, headers?: Record<string, string>, query?: string): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  restart(): Promise<Harness>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  body: any;
}

export interface HarnessOptions extends Partial<Omit<CaptureOptions, "config">> {
  settings?: Record<string, unknown>;
}

/** A capture service behind a bare HTTP server that mounts its routes the way the host does. */
export async function harness(options: HarnessOptions = {}): Promise<Harness> {
  const stateDir = options.stateDir ?? (await temporaryFolder("sluice-capture-"));
  const vault = join(stateDir, "vault");
  const clock = options.clock ?? new ManualClock(NOW);
  const log: LogLine[] = [];
  const record = (level: string) => (message: string) => void log.push({ level, message });
  const settings = {
    vault,
    timezone: "UTC",
    keys: [{ id: "test", key: KEY }],
    limits: { requestsPerMinute: 1_000_000, requestsInFlight: 1_000 },
    ...options.settings,
  };
  const service = await CaptureService.start({
    ...options,
    stateDir,
    workerFile,
    config: readConfig(settings, { stateDir }),
    clock,
    log: { info: record("info"), warn: record("warn"), error: record("error") },
  });
  const { url, close } = await mount(service, clock);
  let open = true;
  const stop = async () => {
    if (!open) return;
    open = false;
    await close();
    await service.dispose();
  };
  onTestFinished(stop);
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  return {
    service,
    stateDir,
    vault,
    clock,
    log,
    url,
    post: (body, headers = {}, query = "") =>
      send(`/api/v1/ingest${query}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": KEY, ...headers },
        body:
          typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
      }),
    get: (path, headers = {}) => send(path, { headers: { "x-api-key": KEY, ...headers } }),
    async restart() {
      await stop();
      return harness({ ...options, stateDir, clock });
    },
  };
}

/** The contract of `registerHttpRoute`: exact paths, the handler owns the raw request. */
async function mount(service: CaptureService, clock: Clock) {
  const routes = captureRoutes({ face: () => service, gate: new Gate(clock), failed() {} });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split("?", 1)[0];
    const route = routes.find((entry) => entry.path === path);
    if (route) void route.handler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A batch as the documentation shows it, at the tests' own time. */
export function sampleBatch(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    source_type: "audio_system",
    platform: "macos",
    device_id: "550e8400-e29b-41d4-a716-446655440000",
    plugin_id: "openclone-mac-audio",
    plugin_version: "1.0.0",
    timestamp: NOW_S,
    events: [sampleEvent()],
    ...changes,
  };
}

export function sampleEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    timestamp: NOW_S,
    data: {
      text: "We discussed the product roadmap for Q2.",
      duration: 60,
      app_name: "Google Meet",
      confidence: 0.95,
    },
    raw_ref: "chunk-2026-02-18-14h30-001",
    ...changes,
  };
}
