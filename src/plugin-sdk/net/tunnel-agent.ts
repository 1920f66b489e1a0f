import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { envProxyUrlFor, parseProxyUrl } from "../../runtime/egress/index.ts";

/** How long a proxy may take to open a tunnel. */
export const TUNNEL_TIMEOUT_MS = 30_000;

interface ConnectOptions {
  host?: string;
  hostname?: string;
  port?: number | string;
  servername?: string;
  [extra: string]: unknown;
}

type Created = (error: Error | null, socket?: Duplex) => void;

/** An agent of Node's `http` and `https` (and of `ws`) that reaches every host through a proxy's CONNECT. */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #secure: boolean;

  constructor(proxy: URL, secure: boolean) {
    super({ keepAlive: false });
    this.#proxy = proxy;
    this.#secure = secure;
    // Read by `http.request` to accept `https:` addresses.
    Object.assign(this, { protocol: secure ? "https:" : "http:", defaultPort: secure ? 443 : 80 });
  }

  /** The proxy in use, for libraries that take an address instead of an agent. */
  getProxyForUrl(_url?: string): string {
    return this.#proxy.href;
  }

  override createConnection(options: object, created?: (...args: never[]) => void): undefined {
    const target = options as ConnectOptions;
    const done = created as unknown as Created;
    const host = target.host ?? target.hostname ?? "localhost";
    const port = Number(target.port) || (this.#secure ? 443 : 80);
    this.#tunnel(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, (error, socket) => {
      if (error || !socket) return done(error ?? new Error("the proxy gave no connection"));
      if (!this.#secure) return done(null, socket);
      const { path: _path, socketPath: _socketPath, ...tlsOptions } = target;
      const servername = target.servername || (isAddress(host) ? "" : host);
      const secured = tlsConnect({ ...tlsOptions, host, port, servername, socket: socket as never });
      secured.once("error", (cause) => done(cause)).once("secureConnect", () => done(null, secured));
    });
    return undefined;
  }

  #tunnel(authority: string, done: Created): void {
    const { username, password, protocol, hostname, port } = this.#proxy;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const send = protocol === "https:" ? httpsRequest : httpRequest;
    const request = send({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port || (protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: authority,
      agent: false,
      timeout: TUNNEL_TIMEOUT_MS,
      headers: {
        host: authority,
        ...(username
          ? { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }
          : {}),
      },
    });
    request.once("connect", (response, socket) => {
      socket.setTimeout(0);
      if (response.statusCode === 200) return done(null, socket);
      socket.destroy();
      done(new Error(`the proxy refused a tunnel to ${authority} (HTTP ${response.statusCode})`));
    });
    request.once("timeout", () => request.destroy(new Error("the proxy did not answer in time")));
    request.once("error", (error) => done(error));
    request.end();
  }
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

export type NodeProxyAgentOptions =
  | { mode: "explicit"; proxyUrl: string; protocol?: "http" | "https" }
  | {
      mode: "env";
      targetUrl: string;
      protocol?: "http" | "https";
      env?: Readonly<Record<string, string | undefined>>;
    };

/**
 * The agent for a proxy that is given, or that the environment names for `targetUrl`; `undefined` when the
 * environment names none. `protocol` is the target's.
 *
 * @throws for an address that is no http(s) proxy
 */
export function createNodeProxyAgent(options: {
  mode: "explicit";
  proxyUrl: string;
  protocol?: "http" | "https";
}): TunnelAgent;
export function createNodeProxyAgent(options: NodeProxyAgentOptions): TunnelAgent | undefined;
export function createNodeProxyAgent(options: NodeProxyAgentOptions): TunnelAgent | undefined {
  const proxyUrl =
    options.mode === "explicit" ? options.proxyUrl : envProxyUrlFor(options.targetUrl, options.env);
  if (proxyUrl === undefined) return undefined;
  return new TunnelAgent(parseProxyUrl(proxyUrl), (options.protocol ?? "https") === "https");
}
