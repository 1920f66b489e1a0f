import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface RegistryVersion {
  readonly version: string;
  readonly tarball: string;
  /** Further members of the version's document. */
  readonly more?: Record<string, unknown>;
}

/** A package registry on loopback that knows one package; the last version is its newest. */
export async function packageRegistry(name: string, versions: readonly RegistryVersion[]): Promise<string> {
  const contents = new Map(
    await Promise.all(versions.map(async (one) => [one, await readFile(one.tarball)] as const)),
  );
  let url = "";
  const server = createServer((request, response) => {
    const found = versions.find(({ version }) => request.url === `/${version}.tgz`);
    if (found) return void response.end(contents.get(found));
    if (request.url !== `/${name}`) return void response.writeHead(404).end("{}");
    const documents = versions.map((one) => {
      const sha512 = createHash("sha512")
        .update(contents.get(one) as Buffer)
        .digest("base64");
      const dist = { tarball: `${url}/${one.version}.tgz`, integrity: `sha512-${sha512}` };
      return [one.version, { name, version: one.version, dist, ...one.more }];
    });
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        name,
        "dist-tags": { latest: versions.at(-1)?.version },
        versions: Object.fromEntries(documents),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url;
}
