import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Clock } from "../kernel/clock.ts";
import { SluiceError } from "../kernel/errors.ts";
import { newUuid } from "../kernel/ids.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Scope } from "../kernel/scope.ts";
import { CLOSE } from "../protocol/close-codes.ts";
import { CLOSE_GRACE_MS, MAX_HANDSHAKE_FRAME_BYTES, PING_INTERVAL_MS } from "../protocol/limits.ts";
import type { Authentication } from "./connection/authentication.ts";
import { Connection } from "./connection/connection.ts";
import { type RequestFacts, requestFacts, seatsOf } from "./connection/facts.ts";
import type { Grant, Handshake } from "./connection/handshake.ts";
import { CorkBatch } from "./connection/outlet.ts";
import { HandshakeRejection } from "./connection/rejection.ts";
import { WaitingSockets } from "./connection/waiting-sockets.ts";
import type { EventHub } from "./events/hub.ts";
import type { HttpApp } from "./http/app.ts";
import { hasTooManyHeaders, TOO_MANY_HEADERS } from "./http/header-lines.ts";
import type { PluginRoutes } from "./http/plugin-routes.ts";
import { answerProbe, isProbe, type Readiness } from "./http/probes.ts";
import { authenticateRequest, bearerToken } from "./http/request-caller.ts";
import { pathOf } from "./http/request-path.ts";
import { sendError } from "./http/respond.ts";
import type { Dispatcher } from "./rpc/dispatcher.ts";

export type ServerErrorCode = "PORT_IN_USE" | "LISTEN_FAILED";

/** A request whose headers take longer is dropped. */
export const HEADERS_TIMEOUT_MS = 15_000;
/** A request that takes longer to arrive in full is dropped. */
export const REQUEST_TIMEOUT_MS = 120_000;

export interface GatewayServerOptions {
  clock: Clock;
  logger: Logger;
  hub: EventHub;
  handshake: Handshake;
  authentication: Authentication;
  dispatcher: Dispatcher;
  routes: PluginRoutes;
  readiness: Readiness;
  /** True while plugins are being loaded. */
  starting(): boolean;
  trust(): { allowedOrigins: readonly string[]; trustedProxies: readonly string[] };
  hello(grant: Grant, connId: string): Promise<object>;
  onOpen(connection: Connection): void;
  onClose(connection: Connection): void;
}

/** One port for HTTP and WebSocket. Probes and upgrades need no framework; it is loaded with the first other request. */
export class GatewayServer {
  readonly #options: GatewayServerOptions;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #waiting: WaitingSockets;
  readonly #corks = new CorkBatch();
  #app: Promise<HttpApp> | undefined;

  constructor(options: GatewayServerOptions, scope: Scope) {
    this.#options = options;
    this.#waiting = new WaitingSockets(options.clock);
    this.#http = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS });
    // Node would leave out what is beyond its limit, and a forwarding header or an origin with it: the lines are
    // counted here instead.
    this.#http.maxHeadersCount = 0;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // Strangers get the small limit; it is raised when the handshake is done.
      maxPayload: MAX_HANDSHAKE_FRAME_BYTES,
    });
    this.#http.on("request", (request, response) => this.#onRequest(request, response));
    this.#http.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    scope.use({ dispose: () => this.#closeAll() }, "http server");
    scope.use(
      options.clock.every(PING_INTERVAL_MS, () => this.#heartbeat()),
      "ping timer",
    );
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** @throws SluiceError `PORT_IN_USE` or `LISTEN_FAILED` */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? new SluiceError<ServerErrorCode>(
                "PORT_IN_USE",
                `port ${port} on ${host} is taken; stop what listens there or choose another with --port`,
                { details: { port, host } },
              )
            : new SluiceError<ServerErrorCode>("LISTEN_FAILED", `can not listen on ${host}:${port}`, {
                cause: error,
              }),
        );
      };
      this.#http.once("error", failed);
      this.#http.listen(port, host, () => {
        this.#http.off("error", failed);
        this.#http.on("error", (error) => this.#options.logger.error("the server failed", { error }));
        resolve(this.#http.address() as AddressInfo);
      });
    });
  }

  /** Closes every connection of a device or all for which `choose` says so. */
  disconnect(choose: (connection: Connection) => boolean, code: number, reason: string): number {
    const chosen = [...this.#connections].filter(choose);
    for (const connection of chosen) connection.close(code, reason);
    return chosen.length;
  }

  facts(request: IncomingMessage): RequestFacts {
    return requestFacts(request, this.#options.trust());
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (hasTooManyHeaders(request)) {
      sendError(response, 431, "invalid_request", TOO_MANY_HEADERS, { Connection: "close" });
      return;
    }
    const path = pathOf(request);
    if (isProbe(path)) {
      void this.#seesDetails(request).then((detailed) => {
        const { clock, readiness } = this.#options;
        answerProbe(path, request, response, readiness, { clock, detailed });
      });
      return;
    }
    this.#app ??= this.#createApp();
    this.#app.then(
      (app) => app(request, response),
      (error) => {
        this.#options.logger.error("the HTTP side failed to start", { error });
        sendError(response, 500, "internal_error", "the gateway failed to answer; see its log");
      },
    );
  }

  async #createApp(): Promise<HttpApp> {
    const { createHttpApp } = await import("./http/app.ts");
    const { clock, logger, routes, authentication, starting, readiness } = this.#options;
    return createHttpApp({
      clock,
      logger,
      routes,
      authentication,
      starting,
      draining: () => readiness.draining(),
      facts: (request) => this.facts(request),
    });
  }

  /** Local callers and those with the credential; a wrong one counts like everywhere else. */
  async #seesDetails(request: IncomingMessage): Promise<boolean> {
    const facts = this.facts(request);
    if (facts.directLocal && facts.origin === undefined) return true;
    if (bearerToken(request) === undefined) return false;
    try {
      await authenticateRequest(request, facts, this.#options.authentication, "write-default");
      return true;
    } catch {
      return false;
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (hasTooManyHeaders(request)) {
      refuseUpgrade(socket, 431, TOO_MANY_HEADERS);
      return;
    }
    const { readiness, routes } = this.#options;
    if (readiness.draining()) {
      refuseUpgrade(socket, 503, "the gateway is stopping");
      return;
    }
    const facts = this.facts(request);
    if (facts.forged) {
      refuseUpgrade(socket, 403, "forwarding headers from an untrusted proxy");
      return;
    }
    const match = routes.match(pathOf(request));
    if (!match) {
      refuseUpgrade(socket, 400, "the path can not be decoded");
      return;
    }
    const route = match.routes.find((entry) => entry.value.handleUpgrade);
    if (route && !match.needsGatewayAuth) {
      const taking = async () => route.value.handleUpgrade?.(request, socket, head);
      taking().then(
        (taken) => {
          if (taken === false) this.#accept(request, socket, head, facts);
        },
        (error) => {
          this.#options.logger.error("a plugin's upgrade failed", { pluginId: route.pluginId, error });
          socket.destroy();
        },
      );
      return;
    }
    this.#accept(request, socket, head, facts);
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, facts: RequestFacts): void {
    const key = seatsOf(facts);
    if (!this.#waiting.hasRoom(key)) {
      refuseUpgrade(socket, 503, "Too many unauthenticated sockets");
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { clock, logger, handshake, dispatcher, hello } = this.#options;
      let leave = () => {};
      const connection = new Connection({
        connId: newUuid(),
        nonce: newUuid(),
        webSocket,
        socket,
        corks: this.#corks,
        facts,
        clock,
        logger,
        handshake,
        dispatcher,
        hello,
        gate: () => this.#gate(),
        onOpen: (opened) => {
          leave();
          this.#options.hub.add(opened);
          this.#options.onOpen(opened);
        },
        onClose: (closed) => {
          leave();
          this.#connections.delete(closed);
          this.#options.hub.remove(closed);
          this.#options.onClose(closed);
        },
      });
      leave = this.#waiting.add(key, connection);
      this.#connections.add(connection);
    });
  }

  #gate(): void {
    if (!this.#options.readiness.draining()) return;
    throw new HandshakeRejection("UNAVAILABLE", "connect unavailable during gateway restart", {
      retryable: true,
      retryAfterMs: 1_000,
      closeCode: CLOSE.TRY_LATER,
    });
  }

  #heartbeat(): void {
    for (const connection of this.#connections) {
      if (!connection.isOpen) continue;
      if (connection.alive) connection.ping();
      else connection.terminate();
    }
  }

  async #closeAll(): Promise<void> {
    for (const connection of this.#connections) {
      connection.close(CLOSE.SERVICE_RESTART, "service restart");
    }
    if (!this.#http.listening) return;
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeIdleConnections();
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
      this.#http.closeAllConnections();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(cut);
  }
}

function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
