import { isRecord } from "../../../kernel/records.ts";
import { nonEmpty, notFunction, readIdentified } from "../checks.ts";
import { type KindRow, malformed } from "../row.ts";

const PLATFORMS: ReadonlySet<unknown> = new Set(["ios", "android", "macos", "windows", "linux", "unknown"]);

/** Commands that nodes answer, and who may send them there. */
export const nodeKinds: readonly KindRow[] = [
  {
    kind: "nodeHostCommand",
    method: "registerNodeHostCommand",
    summary: "A command this machine answers when it runs as a node",
    spec: "3.10",
    features: ["F265"],
    scope: "global",
    again: "error",
    unconsumed: true,
    read: ([value]) =>
      readIdentified(value, { noun: "node command", idField: "command", functions: ["handle"] }),
  },
  {
    kind: "nodeInvokePolicy",
    method: "registerNodeInvokePolicy",
    summary: "Decides in the gateway whether a node command may be forwarded",
    spec: "3.10",
    features: ["F086"],
    scope: "global",
    again: "error",
    unconsumed: true,
    read: ([value]) => {
      if (!isRecord(value)) return malformed("node-invoke policy: expected an object");
      const commands = value["commands"];
      if (!Array.isArray(commands) || commands.length === 0 || !commands.every(nonEmpty)) {
        return malformed('node-invoke policy: "commands" must be a non-empty list');
      }
      if (typeof value["handle"] !== "function")
        return malformed('node-invoke policy: "handle" must be a function');
      if (notFunction(value, ["classifyRisk"]))
        return malformed('node-invoke policy: "classifyRisk" must be a function');
      const platforms = value["defaultPlatforms"];
      if (
        platforms !== undefined &&
        !(Array.isArray(platforms) && platforms.every((name) => PLATFORMS.has(name)))
      ) {
        return malformed(`node-invoke policy: "defaultPlatforms" names some of ${[...PLATFORMS].join(", ")}`);
      }
      return { keys: [...new Set(commands.map((command) => String(command).trim()))], value };
    },
  },
];
