import { describe, expect, it } from "vitest";
import { createPluginCommandRuntime } from "../../src/plugin-sdk/plugin-command-runtime.ts";
import { pluginBench } from "./support.ts";

const COMMANDS = `
  api.registerCommand({
    name: "roll",
    description: "Rolls dice",
    acceptsArgs: true,
    nativeNames: { memo: "dice" },
    nativeProgressMessages: { default: "Rolling" },
    handler: ({ args, senderId }) => ({ text: senderId + " rolls " + (args ?? "one") }),
  });
  api.registerCommand({ name: "open", description: "d", requireAuth: false, handler() { throw new Error("oops"); } });
  api.registerCommand({ name: "elsewhere", description: "d", channels: ["other"], handler() {} });`;

describe("commands of plugins in a platform's menu", () => {
  it("[F001] are those the channel offers, under the names they have there, and run with the usual checks", async () => {
    const bench = await pluginBench({ others: [{ id: "dice", register: COMMANDS }] });
    const { shown, dispatched, answers } = await bench.run(`
      const { createPluginCommandRuntime, PLUGIN_COMMAND_DISPATCH } = await sdk("plugin-command-runtime");
      const runtime = createPluginCommandRuntime();
      runtime.retainNativeCatalog("memo");
      const candidates = runtime.listNativeCandidates(" Memo ");
      const find = (name) => candidates.find((one) => one.name === name);
      const context = { channel: "memo", senderId: "ann", isAuthorizedSender: true, commandBody: "", config: {} };
      const run = (name, args, more) => find(name).prepareDispatch(args).execute({ ...context, ...more });
      return {
        shown: candidates.filter(({ name }) => ["dice", "open", "elsewhere"].includes(name)),
        dispatched: [find("open").prepareDispatch("args").kind, find("open").prepareDispatch(" ").kind, typeof PLUGIN_COMMAND_DISPATCH],
        answers: [
          await run("dice", " two "),
          await run("dice"),
          await run("dice", "", { isAuthorizedSender: false }),
          await run("open", "", { isAuthorizedSender: false }),
        ],
      };`);
    expect(shown).toEqual([
      {
        name: "dice",
        description: "Rolls dice",
        acceptsArgs: true,
        requireAuth: true,
        progressMessage: "Rolling",
      },
      { name: "open", description: "d", acceptsArgs: false, requireAuth: false },
    ]);
    expect(dispatched).toEqual(["non-plugin", "plugin", "symbol"]);
    expect(answers.map(({ text }: { text: string }) => text)).toEqual([
      "ann rolls two",
      "ann rolls one",
      "You may not use /roll here.",
      "/open failed. The gateway's log says why.",
    ]);
  });

  it("need a gateway", () => {
    expect(() => createPluginCommandRuntime()).toThrow("createPluginCommandRuntime");
  });
});
