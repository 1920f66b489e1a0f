/**
 * A colon event: `type` before the colon, `action` after it. There are `command:new`, `command:reset`, `command:stop`,
 * `agent:bootstrap` (a turn is about to begin: `context.bootstrapFiles` takes `{ name, content }` for its
 * instructions), `session:compact:before` and `:after`, `message:received`, `message:sent` and `gateway:startup`.
 */
export interface LegacyHookEvent {
  type: "command" | "session" | "agent" | "gateway" | "message";
  action: string;
  sessionKey: string;
  context: Record<string, unknown>;
  timestamp: Date;
  /** Reply texts; a handler may push. */
  messages: string[];
}

/** `name` or `entry.hook.name` is required; with `register: false` the handler is shown and never called. */
export interface LegacyHookOptions {
  name?: string;
  description?: string;
  entry?: { hook: { name: string } };
  register?: boolean;
}

/** A row of kind `hook`: colon events such as `command:new` (spec 3.6). */
export interface LegacyHookRegistration {
  readonly name: string;
  readonly events: readonly string[];
  readonly description?: string;
  readonly dispatched: boolean;
  /** The plugin's own settings, part of the context every handler gets. */
  readonly pluginConfig: Readonly<Record<string, unknown>>;
  handler(event: LegacyHookEvent): unknown;
}
