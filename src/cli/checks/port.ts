import { createServer } from "node:net";
import { type CheckResult, failed, passed } from "./check.ts";

/** Whether the gateway's port is free, or held by a gateway. */
export async function checkPort(url: string, gatewayVersion: string | undefined): Promise<CheckResult> {
  const name = "port";
  const { hostname, port } = new URL(url);
  if (gatewayVersion !== undefined)
    return passed(name, `a gateway of version ${gatewayVersion} answers at ${url}`);
  const problem = await listenOnce(hostname, Number(port));
  if (problem === undefined) return passed(name, `${port} is free; no gateway is running`);
  if (problem === "EADDRINUSE")
    return failed(
      name,
      `another program holds port ${port}`,
      "choose another one with gateway.port or --port",
    );
  return failed(name, `port ${port} can not be opened (${problem})`, "choose a port above 1023");
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
