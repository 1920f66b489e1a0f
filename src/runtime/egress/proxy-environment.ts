import { normalizeHost } from "./addresses.ts";

/** The proxies that the environment names, in the form undici's agents take. */
export interface EnvProxyOptions {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function read(env: Environment, name: string): string | undefined {
  const value = env[name.toLowerCase()] ?? env[name.toUpperCase()];
  return value?.trim() || undefined;
}

/** `HTTP_PROXY`, `HTTPS_PROXY` (else `ALL_PROXY`) and `NO_PROXY` in either case; `undefined` without a proxy. */
export function resolveEnvHttpProxyAgentOptions(
  env: Environment = process.env,
): (EnvProxyOptions & { httpsProxy: string }) | undefined {
  const all = read(env, "all_proxy");
  const httpProxy = read(env, "http_proxy") ?? all;
  const httpsProxy = read(env, "https_proxy") ?? all ?? httpProxy;
  if (httpsProxy === undefined) return undefined;
  const noProxy = read(env, "no_proxy");
  return {
    httpsProxy,
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  };
}

/** True when `NO_PROXY` exempts the host: `*`, a name and what lies below it, each with or without a port. */
function isExempt(url: URL, noProxy: string | undefined): boolean {
  const host = normalizeHost(url.hostname);
  const port = url.port || (url.protocol === "https:" || url.protocol === "wss:" ? "443" : "80");
  return (noProxy ?? "")
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      const wanted = normalizeHost(name.replace(/^\*?\./, ""));
      return host === wanted || host.endsWith(`.${wanted}`);
    });
}

/** The proxy that the environment names for an address (`ws:` as `http:`, `wss:` as `https:`). */
export function envProxyUrlFor(address: string, env: Environment = process.env): string | undefined {
  const url = new URL(address);
  const options = resolveEnvHttpProxyAgentOptions(env);
  if (!options || isExempt(url, options.noProxy)) return undefined;
  return url.protocol === "https:" || url.protocol === "wss:" ? options.httpsProxy : options.httpProxy;
}

/** @throws for anything but an http or https proxy; what a proxy's address says besides is not repeated */
export function parseProxyUrl(proxyUrl: string): URL {
  let url: URL;
  try {
    url = new URL(proxyUrl.trim());
  } catch {
    throw new Error("the proxy address is no URL; write http://host:port");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error(`a ${url.protocol.replace(":", "")} proxy is not supported; use an http or https proxy`);
  }
  return url;
}
