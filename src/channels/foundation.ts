import type { ChannelConfig } from "../contracts/channel.ts";
import type { ToolRegistration } from "../contracts/registrations.ts";
import type { Clock } from "../kernel/clock.ts";
import type { RegistryReader } from "../plugins/types.ts";
import type { ConfigService } from "../runtime/config/index.ts";
import { ChannelDirectory } from "./directory.ts";
import { MessageTool } from "./message-tool/message-tool.ts";
import { LiveReplies } from "./outbound/live-replies.ts";
import { ChannelReplyPlanner } from "./outbound/planner.ts";

/**
 * Parts that exist before the agent: the agent needs the planner, the channels need the agent. The
 * composition root makes these first, then the agent, then the service.
 */
export interface ChannelFoundation {
  readonly directory: ChannelDirectory;
  readonly live: LiveReplies;
  readonly planner: ChannelReplyPlanner;
  readonly messageTool: MessageTool;
  /** For the agent runtime's `coreTools`. */
  readonly tools: readonly ToolRegistration[];
  readonly config: () => ChannelConfig;
}

/** Makes the planner that the agent runtime takes. */
export function createChannelFoundation(parts: {
  registry: RegistryReader;
  config: ConfigService;
  clock: Clock;
}): ChannelFoundation {
  const config = () => parts.config.current().config as ChannelConfig;
  const directory = new ChannelDirectory(parts.registry);
  const live = new LiveReplies();
  const messageTool = new MessageTool({ directory, config });
  const planner = new ChannelReplyPlanner({
    channels: directory,
    config,
    live,
    clock: parts.clock,
    alreadySaid: (runId, to, text) => messageTool.hasSent(runId, to, text),
  });
  return { directory, live, planner, messageTool, tools: [messageTool.registration], config };
}
