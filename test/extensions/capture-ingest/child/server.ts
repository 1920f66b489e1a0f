// A capture service in a process of its own, for tests that kill it. Prints its port.
//   CAPTURE_STATE    state folder
//   CAPTURE_DIE_AT   open | half | written | synced: kill -9 itself at that step of the n-th vault write
//   CAPTURE_DIE_NTH  default 1
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { verifyVault } from "../../../../extensions/capture-ingest/audit.ts";
import { readConfig } from "../../../../extensions/capture-ingest/config.ts";
import { Gate } from "../../../../extensions/capture-ingest/http/gate.ts";
import { captureRoutes } from "../../../../extensions/capture-ingest/http/routes.ts";
import { CaptureService } from "../../../../extensions/capture-ingest/service.ts";
import {
  nodeFileSystem,
  type VaultFileHandle,
  type VaultFileSystem,
} from "../../../../extensions/capture-ingest/vault/file-system.ts";
import { systemClock } from "../../../../src/kernel/clock.ts";

const stateDir = process.env["CAPTURE_STATE"] as string;
const dieAt = process.env["CAPTURE_DIE_AT"];
let until = Number(process.env["CAPTURE_DIE_NTH"] ?? 1);

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal is on its way; nothing more may happen here.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}

const due = (point: string) => dieAt === point && --until <= 0;

const fileSystem: VaultFileSystem = {
  ...nodeFileSystem,
  async open(path, flags, mode) {
    if (due("open")) die();
    const handle = await nodeFileSystem.open(path, flags, mode);
    const wrapped: VaultFileHandle = {
      stat: () => handle.stat(),
      read: (...parameters) => handle.read(...parameters),
      truncate: (length) => handle.truncate(length),
      close: () => handle.close(),
      async write(buffer, offset, length, position) {
        if (due("half")) {
          await handle.write(buffer, offset, Math.ceil(length / 2), position);
          die();
        }
        const result = await handle.write(buffer, offset, length, position);
        if (due("written")) die();
        return result;
      },
      async datasync() {
        await handle.datasync();
        if (due("synced")) die();
      },
    };
    return wrapped;
  },
};

const config = readConfig(
  {
    vault: join(stateDir, "vault"),
    timezone: "UTC",
    keys: [{ id: "test", key: process.env["CAPTURE_KEY"] }],
    limits: { requestsPerMinute: 1e9, requestsInFlight: 1e6 },
  },
  { stateDir },
);
const service = await CaptureService.start({
  stateDir,
  workerFile: process.env["CAPTURE_WORKER"] as string,
  config,
  clock: systemClock,
  log: { info() {}, warn() {}, error: (message) => process.stderr.write(`${message}\n`) },
  fileSystem,
  keysPerRun: Number(process.env["CAPTURE_KEYS_PER_RUN"] ?? 65_536),
});
const routes = captureRoutes({
  face: () => service,
  gate: new Gate(systemClock),
  failed: (error) => process.stderr.write(`${String(error)}\n`),
});
const server = createServer(async (request, response) => {
  const path = request.url?.split("?", 1)[0];
  if (path === "/verify") {
    response.end(JSON.stringify(await verifyVault(service, "default")));
    return;
  }
  const route = routes.find((entry) => entry.path === path);
  if (route) void route.handler(request, response);
  else response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on("SIGTERM", async () => {
  server.closeAllConnections();
  await service.dispose();
  process.exit(0);
});
