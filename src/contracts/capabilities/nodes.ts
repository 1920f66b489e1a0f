/** A command this machine answers when it runs as a node. */
export interface NodeHostCommand {
  command: string;
  handle(paramsJson?: string, io?: never, context?: never): string | Promise<string>;
  cap?: string;
  dangerous?: boolean;
}

/** Decides in the gateway whether a command may be forwarded to a node. */
export interface NodeInvokePolicy {
  commands: string[];
  handle(context: never): unknown;
  defaultPlatforms?: string[];
  dangerous?: boolean;
  classifyRisk?(call: { command: string; params: unknown }): {
    level: "ordinary" | "high";
    family: string;
  };
}
