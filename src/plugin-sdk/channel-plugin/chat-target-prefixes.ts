/**
 * Targets of services that name a chat in three ways: by number (`chat_id:7`), by a global id
 * (`chat_guid:iMessage;+;chat1`) and by an identifier (`chat_identifier:chat1`); everything else is a person's
 * handle, which a service may stand before (`sms:+1555…`).
 */
export type ParsedChatTarget =
  | { kind: "chat_id"; chatId: number }
  | { kind: "chat_guid"; chatGuid: string }
  | { kind: "chat_identifier"; chatIdentifier: string };

export type ParsedChatAllowTarget = ParsedChatTarget | { kind: "handle"; handle: string };

export interface ChatTargetPrefixesParams {
  trimmed: string;
  /** `trimmed` in lower case. */
  lower: string;
  chatIdPrefixes: readonly string[];
  chatGuidPrefixes: readonly string[];
  chatIdentifierPrefixes: readonly string[];
}

export interface ServicePrefix<Service extends string = string> {
  prefix: string;
  service: Service;
}

export interface ChatSenderAllowParams {
  allowFrom: readonly (string | number)[];
  sender: string;
  chatId?: number | null;
  chatGuid?: string | null;
  chatIdentifier?: string | null;
  /** Whether an entry may let in a whole chat; without, only people are. */
  allowConversationTargets?: boolean;
}

interface Found {
  readonly kind: ParsedChatTarget["kind"];
  readonly value: string;
}

function findPrefix(params: ChatTargetPrefixesParams): Found | undefined {
  const kinds = [
    ["chat_id", params.chatIdPrefixes],
    ["chat_guid", params.chatGuidPrefixes],
    ["chat_identifier", params.chatIdentifierPrefixes],
  ] as const;
  for (const [kind, prefixes] of kinds) {
    const prefix = prefixes.find((candidate) => params.lower.startsWith(candidate));
    if (prefix !== undefined) return { kind, value: params.trimmed.slice(prefix.length).trim() };
  }
  return undefined;
}

function asTarget({ kind, value }: Found): ParsedChatTarget | undefined {
  if (kind === "chat_guid") return value === "" ? undefined : { kind, chatGuid: value };
  if (kind === "chat_identifier") return value === "" ? undefined : { kind, chatIdentifier: value };
  return /^\d+$/.test(value) && Number.isSafeInteger(Number(value))
    ? { kind, chatId: Number(value) }
    : undefined;
}

/** The chat a target names, `null` when it names none. @throws Error when it begins like one and is not */
export function parseChatTargetPrefixesOrThrow(params: ChatTargetPrefixesParams): ParsedChatTarget | null {
  const found = findPrefix(params);
  if (!found) return null;
  const target = asTarget(found);
  if (!target) {
    const wanted = found.kind === "chat_id" ? "a whole number" : "a value";
    throw new Error(`"${params.trimmed}" needs ${wanted} after "${found.kind}:"`);
  }
  return target;
}

/** The same for an entry of an allowlist: what is malformed names nobody. */
export function parseChatAllowTargetPrefixes(params: ChatTargetPrefixesParams): ParsedChatTarget | null {
  const found = findPrefix(params);
  return (found && asTarget(found)) ?? null;
}

function afterService<Prefix extends { prefix: string }>(params: {
  trimmed: string;
  lower: string;
  servicePrefixes: readonly Prefix[];
}): { service: Prefix; rest: string } | undefined {
  const service = params.servicePrefixes.find(({ prefix }) => params.lower.startsWith(prefix));
  return service && { service, rest: params.trimmed.slice(service.prefix.length).trim() };
}

/** What `service:rest` names: a chat when `isChatTarget` says so of the rest, else a handle on that service. */
export function resolveServicePrefixedTarget<Service extends string, Target>(params: {
  trimmed: string;
  lower: string;
  servicePrefixes: readonly ServicePrefix<Service>[];
  isChatTarget(restInLowerCase: string): boolean;
  parseTarget(rest: string): Target;
}): Target | { kind: "handle"; to: string; service: Service } | null {
  const found = afterService(params);
  if (!found) return null;
  if (found.rest === "")
    throw new Error(`"${params.trimmed}" needs a target after "${found.service.prefix}"`);
  if (params.isChatTarget(found.rest.toLowerCase())) return params.parseTarget(found.rest);
  return { kind: "handle", to: found.rest, service: found.service.service };
}

/** {@link resolveServicePrefixedTarget} with the chats told by their prefixes. */
export function resolveServicePrefixedChatTarget<Service extends string, Target>(
  params: ChatTargetPrefixesParams & {
    servicePrefixes: readonly ServicePrefix<Service>[];
    extraChatPrefixes?: readonly string[];
    parseTarget(rest: string): Target;
  },
): Target | { kind: "handle"; to: string; service: Service } | null {
  const prefixes = [
    ...params.chatIdPrefixes,
    ...params.chatGuidPrefixes,
    ...params.chatIdentifierPrefixes,
    ...(params.extraChatPrefixes ?? []),
  ];
  return resolveServicePrefixedTarget({
    ...params,
    isChatTarget: (rest) => prefixes.some((prefix) => rest.startsWith(prefix)),
  });
}

/** What is behind a service's prefix in an allowlist; nothing behind it is a handle that nobody has. */
export function resolveServicePrefixedAllowTarget<Target>(params: {
  trimmed: string;
  lower: string;
  servicePrefixes: readonly { prefix: string }[];
  parseAllowTarget(rest: string): Target;
}): Target | { kind: "handle"; handle: string } | null {
  const found = afterService(params);
  if (!found) return null;
  return found.rest === "" ? { kind: "handle", handle: "" } : params.parseAllowTarget(found.rest);
}

export function resolveServicePrefixedOrChatAllowTarget<Target extends ParsedChatAllowTarget>(
  params: ChatTargetPrefixesParams & {
    servicePrefixes: readonly { prefix: string }[];
    parseAllowTarget(rest: string): Target;
  },
): Target | ParsedChatAllowTarget | null {
  return resolveServicePrefixedAllowTarget(params) ?? parseChatAllowTargetPrefixes(params);
}

/** Whether an allowlist lets a sender in. An empty one lets in nobody, `"*"` everybody. */
export function isAllowedParsedChatSender(
  params: ChatSenderAllowParams & {
    normalizeSender(sender: string): string;
    parseAllowTarget(entry: string): ParsedChatAllowTarget;
  },
): boolean {
  const entries = params.allowFrom.map((entry) => String(entry).trim()).filter((entry) => entry !== "");
  if (entries.includes("*")) return true;
  const sender = params.normalizeSender(params.sender);
  const chats = params.allowConversationTargets ?? true;
  return entries.some((entry) => {
    const target = params.parseAllowTarget(entry);
    if (target.kind === "handle") return sender !== "" && target.handle === sender;
    if (!chats) return false;
    if (target.kind === "chat_id") return target.chatId === params.chatId;
    if (target.kind === "chat_guid") return target.chatGuid === params.chatGuid?.trim();
    return target.chatIdentifier === params.chatIdentifier?.trim();
  });
}

/** {@link isAllowedParsedChatSender} for one channel. Whole chats are let in only where that is asked for. */
export function createAllowedChatSenderMatcher(params: {
  normalizeSender(sender: string): string;
  parseAllowTarget(entry: string): ParsedChatAllowTarget;
  allowConversationTargets?: boolean;
}): (input: ChatSenderAllowParams) => boolean {
  const { allowConversationTargets: byDefault = false } = params;
  return (input) =>
    isAllowedParsedChatSender({
      ...params,
      ...input,
      allowConversationTargets: input.allowConversationTargets ?? byDefault,
    });
}
