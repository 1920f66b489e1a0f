import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const MANIFEST = {
  id: "asking",
  configSchema: { type: "object", additionalProperties: true },
  activation: { onStartup: true },
  channels: ["memo"],
  contracts: { tools: ["pay"] },
};

/** The tool leaves a line in the ledger when it begins and one when it ended; every call of it needs an approval. */
const SOURCE = `
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
const note = (line) => appendFileSync(process.env.CRASH_LEDGER, line + "\\n");
export default { id: "asking", register(api) {
  api.registerTool({ name: "pay", description: "Pays.",
    parameters: { type: "object", properties: { key: { type: "string" }, timeoutMs: { type: "number" } } },
    execute: async (_id, { key }) => {
      note("begin " + key);
      await sleep(Math.random() * 40);
      note("end " + key);
      return { content: [{ type: "text", text: "paid " + key }] };
    } });
  api.on("before_tool_call", ({ toolName, params }) => toolName === "pay" ? { requireApproval: {
    title: "Pay " + params.key, description: "Pays once.", timeoutMs: params.timeoutMs,
    onResolution: (decision) => note("told " + params.key + " " + decision) } } : undefined);
  api.registerChannel({ plugin: { id: "memo", meta: { label: "Memo" }, capabilities: { chatTypes: ["direct"] },
    config: { listAccountIds: () => ["default"], resolveAccount: () => ({ enabled: true }) },
    outbound: { deliveryMode: "direct", sendText: async () => ({ messageId: "sent" }) } } });
  api.registerCommand({ name: "hold", description: "Takes the conversation.", handler: async (ctx) => {
    const asked = await ctx.requestConversationBinding({ summary: "Keeps notes." });
    return asked.status === "pending" ? asked.reply : { text: asked.status };
  } });
  api.on("inbound_claim", (event) => { note("claimed " + event.content); return { handled: true }; });
  api.registerGatewayMethod("asking.hear", ({ params }) => api.runtime.channel.inbound.receive(params), { scope: "operator.write" });
  api.registerSessionExtension({ namespace: "state", description: "Counts." });
  api.registerGatewayMethod("asking.inject", ({ params }) =>
    api.session.workflow.enqueueNextTurnInjection(params), { scope: "operator.write" });
  api.registerGatewayMethod("asking.flow", async ({ params: { session, member, flowId, revision } }) => {
    const flows = api.runtime.tasks.async.managedFlows.bindSession({ sessionKey: session });
    return member === "createManaged"
      ? flows.createManaged({ controllerId: "asking/flow", goal: "go on" })
      : flows[member]({ flowId, expectedRevision: revision, currentStep: "next" });
  }, { scope: "operator.write" });
} };
`;

/** Writes a plugin that asks, injects and steps flows; gives its folder. */
export async function writeAskingPlugin(folder) {
  const plugin = join(folder, "plugins", "asking");
  await mkdir(plugin, { recursive: true });
  await writeFile(join(plugin, "openclaw.plugin.json"), JSON.stringify(MANIFEST));
  await writeFile(join(plugin, "index.mjs"), SOURCE);
  return plugin;
}
