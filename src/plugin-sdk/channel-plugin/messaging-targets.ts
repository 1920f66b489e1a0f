/** Recipients as people and models write them: `user:123`, `<@123>`, `@123`, `channel:general`. */

export interface MessagingTarget {
  kind: string;
  id: string;
  /** As it was written. */
  raw: string;
  /** `<kind>:<id>` in lower case, for comparing. */
  normalized: string;
}

export function buildMessagingTarget(kind: string, id: string, raw: string): MessagingTarget {
  return { kind, id, raw, normalized: `${kind}:${id}`.toLowerCase() };
}

/** @throws with `errorMessage` when the candidate is not an id of the platform */
export function ensureTargetId(params: { candidate: string; pattern: RegExp; errorMessage: string }): string {
  if (!params.pattern.test(params.candidate)) throw new Error(params.errorMessage);
  return params.candidate;
}

/** The id of a target of the wanted kind. */
export function requireTargetKind(params: {
  platform: string;
  target: MessagingTarget | undefined;
  kind: string;
}): string {
  const { platform, target, kind } = params;
  if (!target) throw new Error(`${platform} ${kind} id is required.`);
  if (target.kind !== kind) throw new Error(`${platform} ${kind} id is required (use ${kind}:<id>).`);
  return target.id;
}

/**
 * A mention of the platform, a known prefix, or `@` and a user id; `undefined` for anything else.
 *
 * @throws with `atUserErrorMessage` for `@` and something that is no user id
 */
export function parseMentionPrefixOrAtUserTarget(params: {
  raw: string;
  mentionPattern: RegExp;
  prefixes: readonly { prefix: string; kind: string }[];
  atUserPattern: RegExp;
  atUserErrorMessage: string;
}): MessagingTarget | undefined {
  const { raw } = params;
  const mentioned = params.mentionPattern.exec(raw)?.[1];
  if (mentioned) return buildMessagingTarget("user", mentioned, raw);
  const lower = raw.toLowerCase();
  for (const { prefix, kind } of params.prefixes) {
    if (!lower.startsWith(prefix.toLowerCase())) continue;
    const id = raw.slice(prefix.length).trim();
    return id === "" ? undefined : buildMessagingTarget(kind, id, raw);
  }
  if (!raw.startsWith("@")) return undefined;
  const candidate = raw.slice(1).trim();
  const id = ensureTargetId({
    candidate,
    pattern: params.atUserPattern,
    errorMessage: params.atUserErrorMessage,
  });
  return buildMessagingTarget("user", id, raw);
}
