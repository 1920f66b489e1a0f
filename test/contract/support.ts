import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayOptions, RunningGateway } from "../../src/gateway/gateway-options.ts";
import { testGateway } from "../gateway/support/gateway.ts";
import { type Frame, WireClient } from "../gateway/support/wire-client.ts";
import { importNatively, writePlugin } from "../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

export const ALL_SCOPES = ["operator.admin"];

export interface Fixture {
  id?: string;
  /** Body of `register(api)`. `seen` is a list that `<id>.seen` returns. */
  register: string;
  /** What stands above `register`: imports. */
  head?: string;
  /** Further files of the plugin, by relative path. */
  files?: Record<string, string>;
  manifest?: Record<string, unknown>;
  /** `plugins.entries.<id>`; enabled and allowed to read conversations unless told otherwise. */
  entry?: Record<string, unknown>;
}

export interface Contract {
  gateway: RunningGateway;
  client: WireClient;
  configPath: string;
  stateDir: string;
  /** Calls a method and returns its payload; a refusal throws its error. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are asserted on, field by field
  call(method: string, params?: unknown): Promise<any>;
  /** The error of a call that has to be refused. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  refusal(method: string, params?: unknown): Promise<any>;
  /** Sends a message and waits for the answer's text; the offline model repeats what it was told. */
  say(message: string, sessionKey?: string): Promise<string>;
  /** What the fixture pushed to `seen`. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  seen(id?: string): Promise<any[]>;
}

let messages = 0;

/**
 * A real gateway with fixture plugins loaded from `plugins.load.paths`, and a client on its socket. Nothing
 * here reaches into the gateway: what a test sees went through the plugin contract or the wire.
 */
export async function contract(
  fixtures: Fixture | Fixture[],
  options: { config?: Record<string, unknown>; gateway?: GatewayOptions; folder?: string } = {},
): Promise<Contract> {
  const folder = options.folder ?? (await temporaryFolder());
  const list = Array.isArray(fixtures) ? fixtures : [fixtures];
  const paths: string[] = [];
  const entries: Record<string, unknown> = {};
  for (const { id = "probe", register, head, files, manifest, entry } of list) {
    const seen = `const seen = []; api.registerGatewayMethod("${id}.seen", () => ({ seen }), { scope: "operator.read" });`;
    paths.push(
      await writePlugin(join(folder, "plugins", id), id, {
        register: `${seen}\n${register}`,
        ...(manifest ? { manifest } : {}),
        ...(head ? { head } : {}),
        ...(files ? { files } : {}),
      }),
    );
    entries[id] = { enabled: true, hooks: { allowConversationAccess: true }, ...entry };
  }
  const stateDir = join(folder, "state");
  await mkdir(stateDir, { recursive: true });
  const configPath = join(folder, "sluice.json");
  await writeFile(
    configPath,
    JSON.stringify({
      ...options.config,
      plugins: { load: { paths }, entries, ...(options.config?.["plugins"] as object) },
    }),
  );
  const gateway = await testGateway({
    stateDir,
    configPath,
    importModule: importNatively,
    ...options.gateway,
  });
  const client = await WireClient.open(gateway.url, { scopes: ALL_SCOPES });
  return { gateway, configPath, stateDir, ...callsOf(client) };
}

export function callsOf(client: WireClient): Pick<Contract, "client" | "call" | "refusal" | "say" | "seen"> {
  const call = async (method: string, params: unknown = {}) => {
    const answer = await client.call(method, params);
    if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.payload;
  };
  return {
    client,
    call,
    async refusal(method, params = {}) {
      const answer = await client.call(method, params);
      if (answer.ok) throw new Error(`${method} was not refused: ${JSON.stringify(answer.payload)}`);
      return answer.error;
    },
    async say(message, sessionKey = "main") {
      const idempotencyKey = `message-${process.pid}-${++messages}`;
      await call("chat.send", { sessionKey, message, idempotencyKey });
      const end = await client.next((frame) => isEnd(frame, idempotencyKey));
      return textOf(end);
    },
    seen: async (id = "probe") => (await call(`${id}.seen`)).seen,
  };
}

function isEnd({ event, payload }: Frame, runId: string): boolean {
  return event === "chat" && payload.runId === runId && ["final", "error", "aborted"].includes(payload.state);
}

function textOf({ payload }: Frame): string {
  const content = payload.message?.content ?? payload.errorMessage ?? "";
  if (typeof content === "string") return content;
  return content.map((part: { text?: string }) => part.text ?? "").join("");
}
