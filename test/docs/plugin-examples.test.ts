import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MEMO, MEMO_CONFIG, memo } from "../contract/memo-channel.ts";
import { type Contract, contract } from "../contract/support.ts";
import { WireClient } from "../gateway/support/wire-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { codeOf } from "./support.ts";

/** A gateway with a chat channel and the plugin that a page shows. */
async function gatewayWith(page: string, id: string): Promise<Contract> {
  const folder = await temporaryFolder();
  const shown = join(folder, "home", id);
  await mkdir(shown, { recursive: true });
  for (const file of ["openclaw.plugin.json", "index.mjs"]) {
    await writeFile(join(shown, file), await codeOf(page, file));
  }
  const paths = [join(folder, "plugins", "memo"), shown];
  return contract(MEMO, { folder, config: { ...MEMO_CONFIG, plugins: { load: { paths } } } });
}

describe("plugins that the pages show", () => {
  it("asking an operator: the client's and the chat's answer both count, and nobody to ask is a refusal", async () => {
    const gateway = await gatewayWith("docs/plugins/approvals.md", "careful");
    const reviewer = await WireClient.open(gateway.gateway.url, { scopes: ["operator.approvals"] });
    const turn = gateway.say('/tool water_plant {"plant":"fern"}');
    const { payload } = await reviewer.event("plugin.approval.requested");
    expect(payload.request).toMatchObject({
      title: "Water fern?",
      description: "The plant was watered an hour ago.",
    });
    expect(await gateway.call("plugin.approval.list")).toMatchObject([{ id: payload.id }]);
    await gateway.call("plugin.approval.resolve", { id: payload.id, decision: "allow-once" });
    expect(await turn).toContain("fern was watered");

    const platform = memo(gateway);
    await platform.hear("alice", '/tool water_plant {"plant":"basil"}');
    const { text } = await platform.next("Water basil?");
    const id = /\/approve (\S+)/.exec(text)?.[1];
    expect(id).toMatch(/^plugin:/);
    await platform.hear("alice", `/approve ${id} deny`);
    await platform.next("Noted: deny.");
    await platform.next("The call was denied.");
    const { items } = await gateway.call("approval.history", { limit: 20 });
    expect(items).toHaveLength(2);
  });

  it("owning a conversation: from the command over the question to /detach", async () => {
    const gateway = await gatewayWith("docs/plugins/bindings.md", "quiz");
    const platform = memo(gateway);
    await platform.hear("alice", "/quiz");
    const { text } = await platform.next("Quiz asks to answer this conversation");
    expect(text).toContain("Ask quiz questions here");
    await platform.hear("alice", `/approve ${/\/approve (\S+)/.exec(text)?.[1]} allow-always`);
    await platform.next("Noted: allow-always.");
    await platform.hear("alice", "London");
    await platform.next("No (question 1).");
    await platform.hear("alice", "Paris");
    await platform.next("Right!");
    await platform.hear("alice", "/detach");
    await platform.next("This conversation is with the agent again.");
    // Allowed for good: the next time nobody is asked.
    await platform.hear("alice", "/quiz");
    await platform.next("What is the capital of France?");
  });
});
