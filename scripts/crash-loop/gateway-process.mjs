import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stopProcess } from "../support/irc-server.mjs";
import { pause } from "./command.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const START_LIMIT_MS = 30_000;
const KEPT_OUTPUT = 8_000;

/** A gateway that is started and killed many times over one state folder. */
export class GatewayProcess {
  #parts;
  #child;
  #output = "";

  /** `folder` holds the state and is its home; `env` comes on top of what every gateway gets. */
  constructor({ folder, port, token, env = {} }) {
    this.#parts = { folder, port, token, env };
  }

  start() {
    const { folder, port, token, env } = this.#parts;
    this.#output = "";
    this.#child = spawn(
      process.execPath,
      [join(root, "bin/sluice.cjs"), "gateway", "run", "--port", String(port)],
      {
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          TMPDIR: tmpdir(),
          SLUICE_STATE_DIR: join(folder, "state"),
          SLUICE_GATEWAY_TOKEN: token,
          SLUICE_DISABLE_BONJOUR: "1",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on("data", (data) => {
        this.#output = (this.#output + data).slice(-KEPT_OUTPUT);
      });
    }
  }

  /** Resolves when `/readyz` answers 200 and `besides` gives true; throws with the output when that takes too long. */
  async ready(besides = async () => true) {
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      if (this.#child.exitCode !== null) {
        throw new Error(`the gateway ended with ${this.#child.exitCode}:\n${this.#output}`);
      }
      const answers = await fetch(`http://127.0.0.1:${this.#parts.port}/readyz`).then(
        (response) => response.status === 200,
        () => false,
      );
      if ((await besides()) && answers) return;
      if (Date.now() > deadline) throw new Error(`the gateway was not ready in time:\n${this.#output}`);
      await pause(15);
    }
  }

  async stop() {
    if (this.#child) await stopProcess(this.#child);
  }

  async kill() {
    if (this.#child) await stopProcess(this.#child, "SIGKILL");
  }
}
