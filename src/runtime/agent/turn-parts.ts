import type { AgentHookContext } from "../../contracts/hooks.ts";
import type { Message } from "../../contracts/messages.ts";
import type { ToolRegistration } from "../../contracts/registrations.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { ActivatePlugins, HookRunner, RegistryReader } from "../../plugins/types.ts";
import type { ConfigService } from "../config/types.ts";
import type { Models, ResolvedModel } from "../models/types.ts";
import type { ContextEngines, EngineTurn } from "../workflow/context-engines.ts";
import type { ConversationBindings } from "../workflow/conversation-bindings.ts";
import type { NextTurnInjections } from "../workflow/injections.ts";
import type { SessionExtensions } from "../workflow/session-extensions.ts";
import type { Failover } from "./failover.ts";
import type { AgentSettings } from "./settings.ts";
import type { SystemEvents } from "./system-events.ts";
import type { TurnApprovals } from "./tool-call.ts";
import type { ToolSet } from "./tool-set.ts";

/** The rooms that turns work with. */
export interface TurnParts {
  models: Models;
  registry: RegistryReader;
  hooks: HookRunner;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  stateDir: string;
  systemEvents: SystemEvents;
  /** Tools of the host itself; a plugin cannot take their names. */
  coreTools?: readonly ToolRegistration[];
  /** Context that plugins queued for the next turn. */
  injections?: Pick<NextTurnInjections, "take">;
  /** State of plugins in sessions. */
  extensions?: Pick<SessionExtensions, "readerFor">;
  /** The engine that makes the context of a turn, where one is selected. */
  contextEngines?: Pick<ContextEngines, "assemble" | "settled">;
  /** Where plugins' questions to operators go. */
  approvals?: TurnApprovals;
  /** Plugins may wait for their first use; without it all of them are there. */
  activate?: ActivatePlugins;
  /** Conversations that plugins own. */
  bindings?: Pick<ConversationBindings, "callsFor">;
}

/** Everything a turn's first model call needs. */
export interface ReadyTurn {
  kind: "ready";
  /** The model that is asked now. */
  resolved: ResolvedModel;
  /** The models that take its place when it does not answer. */
  failover: Failover;
  systemPrompt: string;
  /** Models differ in what their providers add to it. */
  systemPromptFor(resolved: ResolvedModel): string;
  /** Conversation with this turn's message and what it recorded before a restart. */
  messages: Message[];
  history: Message[];
  prompt: string;
  tools: ToolSet;
  thinking: string;
  hookContext: AgentHookContext;
  settings: AgentSettings;
  engineTurn: EngineTurn;
}

/** Who refused a turn, and as what. */
export interface Blocked {
  pluginId?: string;
  category?: string;
}

/** A hook answered instead of the model, or refused the turn. */
export interface HookReply {
  kind: "reply";
  text: string;
  /** Files that go with the text. */
  mediaUrls?: string[];
  blocked?: Blocked;
  hookContext: AgentHookContext;
}
