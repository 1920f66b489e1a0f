import type { ChannelConfig } from "../../contracts/channel.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/index.ts";
import type { Sessions } from "../../runtime/sessions/index.ts";
import { resetRequest } from "../../runtime/sessions/index.ts";
import { asNumber, asRecord } from "../config-values.ts";
import { isAbortText } from "./commands.ts";
import type { HeardMessage } from "./heard.ts";
import type { Intercepted } from "./host-desk.ts";

const FRESH_TEXT = "Started a new conversation.";
/** A bot's name behind a command, as platforms write it in groups: `/new@bot`. */
const ADDRESSED = /^(\s*\/[a-z]+)@\S+/i;

export interface SessionCommandParts {
  agent: Pick<AgentRuntime, "abort">;
  hooks: HookRunner;
  config(): ChannelConfig;
  /** Absent: `/new` and `/reset` are ordinary words. */
  sessions?: Pick<Sessions, "get" | "reset">;
}

/** The first message of a fresh conversation, when it was sent along with the command. */
export interface Remainder {
  rest: string;
}

/** What people who may give commands type to stop a turn or to begin afresh (spec 1.18.12, 4.6). */
export class SessionCommands {
  readonly #parts: SessionCommandParts;

  constructor(parts: SessionCommandParts) {
    this.#parts = parts;
  }

  async stop(message: HeardMessage): Promise<Intercepted | undefined> {
    if (!message.authorized || !isAbortText(message.text)) return undefined;
    const told = await this.#tell(message, "stop");
    const { aborted } = await this.#parts.agent.abort({ sessionKey: message.sessionKey, reason: "user" });
    const reply = [aborted ? "Stopped." : "Nothing is running.", ...told].join("\n\n");
    return { reason: "command:stop", reply };
  }

  /** `/new` and `/reset`, alone or with the next message behind them. */
  async reset(message: HeardMessage): Promise<Intercepted | Remainder | undefined> {
    const { sessions } = this.#parts;
    const wanted = message.authorized && resetRequest(message.text.replace(ADDRESSED, "$1"));
    if (!sessions || !wanted) return undefined;
    const { sessionKey, agentId, record } = message;
    const session = await sessions.get(sessionKey);
    // A start after a crash decides about the message again; its conversation is fresh already.
    const startedAt = asNumber(session?.entry["sessionStartedAt"]) ?? 0;
    const told: string[] = [];
    if (startedAt < record.receivedAt) {
      told.push(...(await this.#tell(message, wanted.reason)));
      await sessions.reset({ sessionKey, agentId }, { reason: wanted.reason });
    }
    if (wanted.rest !== "") return { rest: wanted.rest };
    return { reason: `command:${wanted.reason}`, reply: [FRESH_TEXT, ...told].join("\n\n") };
  }

  /** Tells the handlers of `command:*`; what they answer goes to the sender. */
  async #tell(message: HeardMessage, action: "new" | "reset" | "stop"): Promise<readonly string[]> {
    const { hooks, sessions, config } = this.#parts;
    const { sessionKey, conversation, senderId, record } = message;
    const session = await sessions?.get(sessionKey);
    return hooks.announce({
      type: "command",
      action,
      sessionKey,
      context: {
        commandSource: record.channel,
        channelId: record.channel,
        accountId: record.accountId,
        conversationId: conversation.conversationId,
        ...(senderId === undefined ? {} : { senderId }),
        cfg: config(),
        ...(session ? { sessionId: session.sessionId, sessionEntry: asRecord(session.entry) } : {}),
      },
    });
  }
}
