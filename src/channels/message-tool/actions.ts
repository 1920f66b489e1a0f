/** The closed list of message actions and which parameter their `target` becomes (spec 1.15). */

const TO = [
  "send",
  "poll",
  "poll-vote",
  "react",
  "reactions",
  "read",
  "edit",
  "unsend",
  "reply",
  "sendWithEffect",
  "renameGroup",
  "setGroupIcon",
  "addParticipant",
  "removeParticipant",
  "leaveGroup",
  "sendAttachment",
  "delete",
  "pin",
  "unpin",
  "list-pins",
  "permissions",
  "thread-create",
  "thread-reply",
  "sticker",
  "topic-create",
  "topic-edit",
  "upload-file",
] as const;
const CHANNEL_ID = ["channel-info", "channel-edit", "channel-delete", "channel-move"] as const;
const NONE = [
  "broadcast",
  "thread-list",
  "search",
  "sticker-search",
  "member-info",
  "role-info",
  "emoji-list",
  "emoji-upload",
  "sticker-upload",
  "role-add",
  "role-remove",
  "channel-list",
  "channel-create",
  "conversation-open",
  "category-create",
  "category-edit",
  "category-delete",
  "voice-status",
  "event-list",
  "event-create",
  "timeout",
  "kick",
  "ban",
  "set-profile",
  "set-presence",
  "download-file",
] as const;

export type TargetParameter = "to" | "channelId" | "none";

const TARGETS = new Map<string, TargetParameter>([
  ...TO.map((name) => [name, "to"] as const),
  ...CHANNEL_ID.map((name) => [name, "channelId"] as const),
  ...NONE.map((name) => [name, "none"] as const),
]);

export function isMessageAction(name: string): boolean {
  return TARGETS.has(name);
}

export function targetParameter(action: string): TargetParameter {
  return TARGETS.get(action) ?? "none";
}
