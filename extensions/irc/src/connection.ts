import IRC, { type Client, type IrcMessageEvent } from "irc-framework";
import type { ChannelLogSink } from "sluice/plugin-sdk/channel-contract";
import type { IrcAccount } from "./account.ts";
import { FloodGate } from "./flood-gate.ts";
import { splitLines, textBudget } from "./lines.ts";
import { MessageIds } from "./message-id.ts";
import { ServerConfirmation } from "./server-confirmation.ts";

/** How long registration with the server may take. */
const REGISTER_LIMIT_MS = 30_000;
/** Silence after which the server is asked, and after which it counts as gone. */
const PING_INTERVAL_S = 60;
const PING_TIMEOUT_S = 120;
const MAX_NICK_TRIES = 5;
/** Code that tells the host that nothing left the process. */
const NOT_DISPATCHED = "OPENCLAW_PLATFORM_MESSAGE_NOT_DISPATCHED";

export interface IncomingLine {
  messageId: string;
  nick: string;
  mask: string;
  account?: string;
  target: string;
  text: string;
  isChannel: boolean;
  isAction: boolean;
  timestamp?: number;
}

export interface ConnectionEvents {
  onLine(line: IncomingLine): void;
  onReady(nick: string): void;
  log?: ChannelLogSink | undefined;
}

/** One connection to one server, from registration to close. A new one is made for every attempt. */
export class IrcConnection {
  readonly account: IrcAccount;
  readonly #events: ConnectionEvents;
  readonly #client: Client;
  readonly #flood: FloodGate;
  readonly #ids = new MessageIds();
  readonly #confirmation: ServerConfirmation;
  #registered = false;
  #closed = false;
  #failure: string | undefined;
  #nickTries = 0;
  readonly #closing = new AbortController();

  constructor(account: IrcAccount, events: ConnectionEvents) {
    this.account = account;
    this.#events = events;
    this.#client = new IRC.Client();
    this.#flood = new FloodGate({ ...account.flood, now: () => performance.now(), sleep });
    this.#confirmation = new ServerConfirmation((token) => this.#client.raw("PING", token));
  }

  get ready(): boolean {
    return this.#registered && !this.#closed;
  }

  get nick(): string {
    return this.#client.user.nick || this.account.nick;
  }

  /** Connects and stays until the connection ends. Resolves with the reason. */
  run(signal: AbortSignal): Promise<{ reason: string; fatal: boolean; wasReady: boolean }> {
    const client = this.#client;
    const { account } = this;
    return new Promise((resolve) => {
      let fatal = false;
      const limit = setTimeout(
        () => this.#fail(`no answer to the registration in ${REGISTER_LIMIT_MS} ms`),
        REGISTER_LIMIT_MS,
      );
      limit.unref();
      const finish = (reason: string) => {
        if (this.#closed) return;
        this.#closed = true;
        clearTimeout(limit);
        signal.removeEventListener("abort", stop);
        this.#closing.abort(new Error(reason));
        this.#confirmation.fail(brokenPipe());
        client.removeAllListeners();
        resolve({ reason: this.#failure ?? reason, fatal, wasReady: this.#registered });
      };
      const stop = () => {
        if (client.connected) client.quit("The gateway is stopping");
        finish("stopped");
      };
      client.on("raw socket connected", (socket: { setNoDelay?(on: boolean): void }) => {
        // A line and the PING behind it must not wait for the server's delayed acknowledgement (40 ms).
        socket.setNoDelay?.(true);
      });
      client.on("registered", () => {
        this.#registered = true;
        clearTimeout(limit);
        this.#afterRegistration();
        this.#events.onReady(this.nick);
      });
      client.on("nick in use", () => {
        if (this.#registered) return;
        if (++this.#nickTries > MAX_NICK_TRIES)
          this.#fail(`the nick ${account.nick} and its variants are in use`);
        else client.changeNick(`${account.nick}${"_".repeat(this.#nickTries)}`);
      });
      client.on("nick invalid", () => {
        fatal = true;
        this.#fail(`the server refuses the nick "${account.nick}"`);
      });
      client.on("sasl failed", (event: { reason?: string; message?: string }) => {
        fatal = event.reason === "fail" || event.reason === "nick_locked";
        this.#fail(`SASL failed: ${event.message ?? event.reason ?? "refused"}`);
      });
      client.on(
        "irc error",
        (event: { error?: string; channel?: string; nick?: string; reason?: string }) => {
          const about = event.channel ?? event.nick ?? "";
          this.#events.log?.warn(
            `IRC error ${event.error ?? "unknown"} ${about}: ${event.reason ?? ""}`.trim(),
          );
        },
      );
      client.on("pong", (event: { message?: string }) => this.#confirmation.answered(event.message));
      client.on("privmsg", (event: IrcMessageEvent) => this.#incoming(event, false));
      client.on("action", (event: IrcMessageEvent) => this.#incoming(event, true));
      client.on("socket close", (error: Error | false | undefined) => {
        finish(error ? `connection lost: ${error.message}` : "the server closed the connection");
      });
      client.on("close", () => finish("the connection ended"));
      if (signal.aborted) {
        finish("stopped");
        return;
      }
      signal.addEventListener("abort", stop, { once: true });
      client.requestCap(["server-time", "message-tags", "account-tag"]);
      client.connect({
        host: account.host,
        port: account.port,
        tls: account.tls,
        rejectUnauthorized: true,
        nick: account.nick,
        username: account.username,
        gecos: account.realname,
        version: "Sluice",
        auto_reconnect: false,
        ping_interval: PING_INTERVAL_S,
        ping_timeout: PING_TIMEOUT_S,
        sasl_disconnect_on_fail: true,
        ...(account.password === undefined ? {} : { password: account.password }),
        ...(account.sasl ? { account: account.sasl } : {}),
      });
    });
  }

  /**
   * Sends one text to a nick or channel and resolves when the server has taken it. `beforeFirstByte` is
   * awaited right before the first line leaves; a failure before that says that nothing was sent.
   */
  async send(
    target: string,
    text: string,
    beforeFirstByte: (() => Promise<void>) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ lines: number }> {
    const { user } = this.#client;
    const budget = textBudget(
      { nick: this.nick, username: user.username || this.account.username, host: user.host },
      target,
    );
    const lines = splitLines(text, budget);
    for (const [index, line] of lines.entries()) {
      if (!this.ready) throw notDispatched("the IRC connection is not ready", index);
      await this.#flood.pass(anySignal(signal, this.#closing.signal)).catch((error) => {
        throw index === 0
          ? notDispatched(`the line was not sent: ${String(error?.message ?? error)}`, 0)
          : error;
      });
      if (index === 0) await beforeFirstByte?.();
      if (!this.ready) throw notDispatched("the IRC connection was lost", index);
      await this.#write(`PRIVMSG ${target} :${line}`);
    }
    if (lines.length > 0) await this.#confirmation.next();
    return { lines: lines.length };
  }

  close(): void {
    if (!this.#closed) this.#client.quit("The gateway is stopping");
  }

  /** Resolves when the line is with the operating system, rejects when the connection closes first. */
  #write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(brokenPipe());
      this.#closing.signal.addEventListener("abort", onClose, { once: true });
      this.#client.connection.write(line, () => {
        this.#closing.signal.removeEventListener("abort", onClose);
        if (this.#closed) reject(brokenPipe());
        else resolve();
      });
    });
  }

  #afterRegistration(): void {
    const { nickserv, channels } = this.account;
    if (nickserv) this.#client.raw("PRIVMSG", nickserv.service, `IDENTIFY ${nickserv.password}`);
    for (const { name, key } of channels) this.#client.join(name, key);
  }

  #incoming(event: IrcMessageEvent, isAction: boolean): void {
    const client = this.#client;
    if (event.from_server || !event.nick || client.caseCompare(event.nick, client.user.nick)) return;
    const isChannel = client.network.isChannelName(event.target);
    if (!isChannel && !client.caseCompare(event.target, client.user.nick)) return;
    const line: IncomingLine = {
      messageId: this.#ids.next(event),
      nick: event.nick,
      mask: `${event.nick}!${event.ident ?? ""}@${event.hostname ?? ""}`,
      target: event.target,
      text: event.message,
      isChannel,
      isAction,
    };
    if (event.account && event.account !== "*") line.account = event.account;
    if (event.time) line.timestamp = event.time;
    this.#events.onLine(line);
  }

  #fail(reason: string): void {
    this.#failure = reason;
    this.#client.connection.end(null, true);
  }
}

function notDispatched(message: string, sentLines: number): Error {
  // After a first line the text is half out; the host must not believe that nothing was sent.
  return sentLines > 0
    ? Object.assign(new Error(message), { code: "ECONNRESET" })
    : Object.assign(new Error(message), { code: NOT_DISPATCHED, retryable: true });
}

function brokenPipe(): Error {
  return Object.assign(new Error("the IRC connection closed while a line was being sent"), { code: "EPIPE" });
}

function anySignal(a: AbortSignal | undefined, b: AbortSignal): AbortSignal {
  return a ? AbortSignal.any([a, b]) : b;
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    timer.unref();
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
