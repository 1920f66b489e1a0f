import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { WireClient } from "../gateway/support/wire-client.ts";
import { sluice } from "../support/sluice-command.ts";
import { spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const page = new URL("../../docs/plugins/approvals.md", import.meta.url);

it("a question of a plugin is shown to whoever waits for the agent, with the command that answers it", async () => {
  const folder = await temporaryFolder();
  const [, manifest, entry] = /```json\n(.*?)```.*?```js\n(.*?)```/s.exec(await readFile(page, "utf8")) ?? [];
  await writeFile(join(folder, "openclaw.plugin.json"), manifest as string);
  await writeFile(join(folder, "index.mjs"), entry as string);
  const config = { plugins: { load: { paths: [folder] }, entries: { careful: { enabled: true } } } };
  const gateway = await spawnGateway({ config });
  onTestFinished(() => gateway.dispose());
  const env = { SLUICE_GATEWAY_TOKEN: gateway.token, SLUICE_GATEWAY_PORT: String(gateway.port) };
  const run = (...args: string[]) => sluice(args, { stateDir: gateway.stateDir, env });

  const client = await WireClient.open(gateway.url, {
    scopes: ["operator.approvals"],
    auth: { token: gateway.token },
  });
  const waiting = run("agent", "--message", '/tool water_plant {"plant":"fern"}');
  const { payload } = await client.event("plugin.approval.requested");
  const answer = `{"id":"${payload.id}","decision":"allow-once"}`;
  const answered = await run("gateway", "call", "plugin.approval.resolve", "--params", answer);
  expect(answered.status).toBe(EXIT.OK);
  const { stdout, stderr } = await waiting;
  expect(stdout).toContain("fern was watered");
  expect(stderr).toContain("careful asks: Water fern?\n  The plant was watered an hour ago.");
  expect(stderr).toContain(`sluice gateway call plugin.approval.resolve --params '${answer}'`);
  expect(stderr).toContain("(other answers: allow-always, deny)");
}, 60_000);
