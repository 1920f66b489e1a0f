import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testGateway } from "../../gateway/support/gateway.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { importNatively } from "../support/plugin-bench.ts";
import { packageFolder, PUBLISHED, publishedPackages } from "./support/packages.ts";

const available = await publishedPackages();

describe.skipIf(!available)("published packages, unmodified", () => {
  it.each(Object.keys(PUBLISHED))("x %s", async (name) => {
    const stateDir = await temporaryFolder("sluice-published-");
    const id = name.split("/")[1] === "brave-plugin" ? "brave" : name.includes("deepseek") ? "deepseek" : (name.split("/")[1] as string);
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify({ plugins: { load: { paths: [packageFolder(name as never)] }, entries: { [id]: { enabled: true } } } }));
    const gateway = await testGateway({ stateDir, importModule: importNatively, logLevel: "warn", onLog: (l) => console.log(l) });
    await gateway.services.plugins.activateRest();
    const i = await gateway.services.plugins.inspect(id);
    console.log(name, JSON.stringify({ s: i?.status, sh: i?.shape, c: i?.contributions, h: i?.typedHooks, m: i?.missingSdkNames, d: i?.diagnostics, routes: i?.httpRouteCount, tools: i?.tools, comp: i?.compatibility }));
    expect(1).toBe(1);
  });
});
