import type { Command } from "commander";
import type { Clock } from "../kernel/clock.ts";
import { type Access, resolveAccess } from "./access.ts";
import type { RpcClient, RpcClientOptions } from "./client/rpc-client.ts";
import { cliError } from "./errors.ts";
import { Output } from "./output/output.ts";

/** The world as the command line sees it; tests hand in another one. */
export interface CliEnvironment {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  readonly stderr: { write(text: string): unknown; isTTY?: boolean };
  readonly signal: AbortSignal;
}

/** Options every command understands, before or after its name. */
interface GlobalOptions {
  json?: boolean;
  url?: string;
  port?: string;
  token?: string;
  timeout?: string;
}

/** What a command is given when it runs. */
export class CommandContext {
  readonly environment: CliEnvironment;
  readonly output: Output;
  /** Time a call may take in milliseconds; `--timeout` is in seconds, 0 for no limit. */
  readonly timeoutMs: number | undefined;
  readonly #options: GlobalOptions;

  constructor(environment: CliEnvironment, command: Command) {
    this.environment = environment;
    this.#options = command.optsWithGlobals<GlobalOptions>();
    const { timeout } = this.#options;
    this.timeoutMs = timeout === undefined ? undefined : seconds(timeout) * 1_000;
    this.output = new Output({
      json: this.#options.json ?? false,
      stdout: environment.stdout,
      stderr: environment.stderr,
    });
  }

  /** True when the command line says which gateway is meant. */
  get namesGateway(): boolean {
    return this.#options.url !== undefined || this.#options.port !== undefined;
  }

  get clock(): Clock {
    return this.environment.clock;
  }

  /** Where the gateway is and what opens it: options, then environment, then configuration. */
  access(): Promise<Access> {
    return resolveAccess(this.#options, this.environment.env);
  }

  /** Connects, runs `work`, and disconnects whatever happens. */
  async withGateway<T>(
    scopes: readonly string[],
    work: (client: RpcClient) => Promise<T>,
    options: { mode?: "cli" | "probe" } = {},
  ): Promise<T> {
    const { url, token } = await this.access();
    return this.withGatewayAt({ url, token, scopes, ...options }, work);
  }

  /** As {@link withGateway}, for a gateway whose address and token are known already. */
  async withGatewayAt<T>(
    options: Pick<RpcClientOptions, "url" | "token" | "scopes" | "mode">,
    work: (client: RpcClient) => Promise<T>,
  ): Promise<T> {
    // The WebSocket library is loaded when a command needs it, not for --help.
    const { RpcClient: Client } = await import("./client/rpc-client.ts");
    const { clock, environment, timeoutMs } = this;
    const client = await this.output.progress(
      "connecting",
      Client.connect({
        ...options,
        clock,
        version: environment.version,
        ...(timeoutMs ? { connectTimeoutMs: timeoutMs } : {}),
      }),
    );
    try {
      return await work(client);
    } finally {
      await client.dispose();
    }
  }

  /** One call with the least scope, with progress on the terminal while it takes long. */
  call<Result>(method: string, params: unknown, scope: string): Promise<Result> {
    return this.withGateway([scope], (client) => this.progressCall<Result>(client, method, params));
  }

  progressCall<Result>(client: RpcClient, method: string, params: unknown): Promise<Result> {
    const { timeoutMs } = this;
    return this.output.progress(
      method,
      client.call<Result>(method, params, timeoutMs === undefined ? {} : { timeoutMs }),
    );
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw usage(`--timeout expects seconds, not "${text}"`);
  return value;
}

function usage(message: string): Error {
  return cliError("USAGE", message);
}
