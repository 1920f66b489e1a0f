import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Dispatcher } from "../rpc/dispatcher.ts";
import type { Connection } from "./connection.ts";
import type { RequestFacts } from "./facts.ts";
import type { Grant, Handshake } from "./handshake.ts";
import type { CorkBatch } from "./outlet.ts";

/** What a connection is made of, and whom it tells. */
export interface ConnectionOptions {
  connId: string;
  /** One per socket; the client's device signs it. */
  nonce: string;
  webSocket: WebSocket;
  socket: Duplex;
  /** Shared by the connections of a server. */
  corks: CorkBatch;
  facts: RequestFacts;
  clock: Clock;
  logger: Logger;
  handshake: Handshake;
  dispatcher: Dispatcher;
  /** Refuses connects while the gateway is not accepting (spec 1.8). @throws HandshakeRejection */
  gate(): void;
  /** Builds the payload of `hello-ok`. */
  hello(grant: Grant, connId: string): Promise<object>;
  /** Told once when the handshake succeeded, before `hello-ok` leaves. */
  onOpen(connection: Connection): void;
  onClose(connection: Connection): void;
}
