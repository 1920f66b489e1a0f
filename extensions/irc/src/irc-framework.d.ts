/** The part of irc-framework that this extension uses; the package ships no declarations. */
declare module "irc-framework" {
  export interface IrcMessageEvent {
    from_server?: boolean;
    nick: string;
    ident?: string;
    hostname?: string;
    target: string;
    /** `@` and the like when a message goes to a part of a channel. */
    group?: string;
    message: string;
    tags?: Record<string, string>;
    time?: number;
    account?: string;
    batch?: unknown;
  }

  export class Client {
    constructor(options?: object);
    readonly user: { nick: string; username: string; host: string };
    readonly connected: boolean;
    readonly network: {
      options: Record<string, unknown>;
      cap: { isEnabled(cap: string): boolean };
      isChannelName(name: string): boolean;
    };
    readonly connection: {
      write(line: string, callback?: () => void): boolean | undefined;
      end(line?: string | null, hadError?: boolean): void;
    };
    requestCap(cap: string | string[]): void;
    connect(options: object): void;
    raw(...parts: string[]): void;
    rawString(...parts: string[]): string;
    join(channel: string, key?: string): void;
    say(target: string, message: string): void;
    quit(message?: string): void;
    changeNick(nick: string): void;
    caseCompare(a: string, b: string): boolean;
    on(event: string, listener: (event: never) => void): this;
    removeAllListeners(): this;
  }

  const IRC: { Client: typeof Client };
  export default IRC;
}
