export interface ChannelConfigUiHint {
  label?: string;
  help?: string;
  [extra: string]: unknown;
}

/** Labels and explanations of the settings that many channels share. */
export function createChannelConfigUiHints(params: {
  channelLabel: string;
  dmPolicy?: { channelKey: string; includeLegacyNestedPolicy?: boolean };
  configWrites?: boolean;
  mentionPatterns?: { targetDescription: string };
  nativeCommands?: boolean;
  implicitMentions?: boolean;
  streaming?: object;
  retry?: boolean;
  [extra: string]: unknown;
}): Record<string, ChannelConfigUiHint> {
  const name = params.channelLabel;
  const hints: Record<string, ChannelConfigUiHint> = {};
  if (params.dmPolicy) {
    const path = `channels.${params.dmPolicy.channelKey}.allowFrom`;
    hints["dmPolicy"] = {
      label: `${name} direct messages`,
      help: `Who may write to the agent directly. "open" needs "*" in ${path}.`,
    };
  }
  if (params.configWrites) {
    hints["configWrites"] = {
      label: `${name} configuration writes`,
      help: `Whether commands sent over ${name} may change the configuration.`,
    };
  }
  if (params.mentionPatterns) {
    hints["mentionPatterns"] = {
      label: `${name} mention patterns`,
      help: `In which ${params.mentionPatterns.targetDescription} configured mention patterns count.`,
    };
  }
  if (params.nativeCommands) {
    hints["commands.native"] = {
      label: `${name} native commands`,
      help: "Register commands with the platform.",
    };
  }
  if (params.implicitMentions) {
    hints["implicitMentions"] = {
      label: `${name} implicit mentions`,
      help: "Which replies and threads count as addressing the agent.",
    };
  }
  if (params.streaming) {
    hints["streaming"] = { label: `${name} streaming`, help: "How an answer appears while it is written." };
  }
  if (params.retry)
    hints["retry"] = { label: `${name} retries`, help: "How often a failed call is repeated." };
  return hints;
}
