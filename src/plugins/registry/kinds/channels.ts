import { isRecord } from "../../../kernel/records.ts";
import { missingFunction, nonEmpty } from "../checks.ts";
import { type Accepted, type KindRow, malformed, type Note, type Refused } from "../row.ts";

const CHAT_TYPES = new Set(["direct", "group", "channel", "thread"]);
const NAMESPACE = /^[A-Za-z0-9._-]+$/;

/** Kinds around chat channels. */
export const channelKinds: readonly KindRow[] = [
  {
    kind: "channel",
    method: "registerChannel",
    summary: "A chat platform: accounts, inbound messages, outbound delivery, message actions",
    spec: "3.3.3",
    features: ["F034"],
    scope: "global",
    again: "replace",
    capability: "channel",
    alsoIn: ["setup-only", "setup-runtime"],
    read: ([registration]) => readChannel(registration),
  },
  {
    kind: "interactiveHandler",
    method: "registerInteractiveHandler",
    summary: "Answers buttons and menus whose callback data starts with the handler's namespace",
    spec: "3.12",
    features: ["F080"],
    scope: "global",
    again: "error",
    read: ([value]) => {
      if (!isRecord(value)) return malformed("interactive handler: expected an object");
      const channel = nonEmpty(value["channel"])?.toLowerCase();
      const namespace = nonEmpty(value["namespace"]);
      if (!channel) return malformed('interactive handler: "channel" must be a non-empty string');
      if (!namespace || !NAMESPACE.test(namespace)) {
        return malformed('interactive handler: "namespace" may hold letters, digits, ".", "_" and "-"');
      }
      if (typeof value["handler"] !== "function") {
        return malformed(`interactive handler "${namespace}": "handler" must be a function`);
      }
      return { keys: [`${channel}:${namespace}`], value };
    },
  },
  {
    kind: "conversationBindingListener",
    method: "onConversationBindingResolved",
    summary: "Is told when an operator approved or denied binding a conversation to the plugin",
    spec: "3.12",
    features: ["F125"],
    scope: "plugin",
    again: "all",
    read: ([listener], { id }) =>
      typeof listener === "function"
        ? { keys: [id], value: { listener } }
        : malformed("conversation binding listener: expected a function"),
  },
  {
    kind: "hostedMediaResolver",
    method: "registerHostedMediaResolver",
    summary: "Maps media URLs that the plugin hosts to local files",
    spec: "3.8",
    features: ["F266"],
    scope: "plugin",
    again: "all",
    unconsumed: true,
    read: ([resolve], { id }) =>
      typeof resolve === "function"
        ? { keys: [id], value: { resolve } }
        : malformed("hosted media resolver: expected a function"),
  },
];

function readChannel(registration: unknown): Accepted | Refused {
  const channel =
    isRecord(registration) && isRecord(registration["plugin"]) ? registration["plugin"] : registration;
  if (!isRecord(channel)) return malformed("channel: expected a channel plugin or { plugin }");
  const id = nonEmpty(channel["id"]);
  if (!id) return malformed('channel: "id" must be a non-empty string');
  const chatTypes = isRecord(channel["capabilities"]) ? channel["capabilities"]["chatTypes"] : undefined;
  if (
    !Array.isArray(chatTypes) ||
    chatTypes.length === 0 ||
    !chatTypes.every((type) => CHAT_TYPES.has(type))
  ) {
    return malformed(
      `channel "${id}": "capabilities.chatTypes" must name at least one of direct, group, channel, thread`,
    );
  }
  const config = channel["config"];
  const missing = isRecord(config)
    ? missingFunction(config, ["listAccountIds", "resolveAccount"])
    : "listAccountIds";
  if (missing) return malformed(`channel "${id}": "config.${missing}" must be a function`);

  const meta = isRecord(channel["meta"]) ? channel["meta"] : {};
  const notes: Note[] = [];
  const warn = (message: string) => notes.push({ level: "warn", code: "channel-meta-completed", message });
  if (meta["id"] !== undefined && meta["id"] !== id) {
    warn(`channel "${id}": "meta.id" is "${String(meta["id"])}"; the channel's id is used`);
  }
  const absent = ["label", "selectionLabel", "docsPath", "blurb"].filter((key) => meta[key] === undefined);
  if (absent.length > 0) warn(`channel "${id}": "meta" lacks ${absent.join(", ")}; defaults are used`);
  const label = nonEmpty(meta["label"]) ?? id;
  const complete = {
    ...meta,
    id,
    label,
    selectionLabel: nonEmpty(meta["selectionLabel"]) ?? label,
    docsPath: nonEmpty(meta["docsPath"]) ?? `/channels/${id}`,
    blurb: typeof meta["blurb"] === "string" ? meta["blurb"] : "",
  };
  const lasting = ["startAccount"];
  return { keys: [id.toLowerCase()], value: channel, overrides: { meta: complete }, lasting, notes };
}
