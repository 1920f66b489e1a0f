import { type Contract, contract, type Fixture } from "../contract/support.ts";

/** Lets `run` send pieces of code to the plugin: `api`, `sdk(subpath)` and `params` are theirs to use. */
const RUN = `
  const AsyncFunction = (async () => {}).constructor;
  const sdk = (subpath) => import("openclaw/plugin-sdk/" + subpath);
  api.registerGatewayMethod("probe.run", async ({ params }) => {
    try {
      const run = new AsyncFunction("api", "sdk", "params", params.code);
      return { result: (await run(api, sdk, params)) ?? null };
    } catch (error) {
      return { error: { name: error.name, code: error.code ?? null, message: error.message } };
    }
  }, { scope: "operator.read" });`;

export interface PluginBench extends Contract {
  /** Runs code inside the plugin `probe` and returns what it returned; its error is thrown here. */
  // biome-ignore lint/suspicious/noExplicitAny: results are asserted on, field by field
  run(code: string, params?: object): Promise<any>;
}

/** A real gateway with the plugin `probe`, which imports from the SDK as a published plugin does. */
export async function pluginBench(
  options: Parameters<typeof contract>[1] & { probe?: Partial<Fixture>; others?: Fixture[] } = {},
): Promise<PluginBench> {
  const { probe, others = [], ...rest } = options;
  const fixture = { ...probe, register: `${RUN}${probe?.register ?? ""}` };
  const opened = await contract([...others, fixture], rest);
  return {
    ...opened,
    async run(code, params = {}) {
      const { result, error } = await opened.call("probe.run", { ...params, code });
      if (error) throw Object.assign(new Error(error.message), { name: error.name, code: error.code });
      return result;
    },
  };
}
