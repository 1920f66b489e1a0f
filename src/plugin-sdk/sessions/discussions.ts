import { hostMemory } from "../ambient/memory.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";

/** Providers kept; the oldest goes. */
const MAX_PROVIDERS = 64;

export type SessionDiscussionState = "none" | "available" | "open";

export interface SessionDiscussionInfo {
  state: SessionDiscussionState;
  embedUrl?: string;
  openUrl?: string;
}

/** Where people talk about a session, kept by a channel. */
export interface SessionDiscussionProvider {
  id: string;
  info(params: { sessionKey: string }): Promise<SessionDiscussionInfo>;
  open(params: { sessionKey: string }): Promise<SessionDiscussionInfo>;
}

/**
 * Offers discussions of sessions. The provider is kept, the newest of an id; the page of this version does not
 * show discussions, and nothing asks for them yet.
 *
 * @throws TypeError for a provider without an id or functions
 */
export function registerSessionDiscussionProvider(provider: SessionDiscussionProvider): void {
  const { id, info, open } = provider;
  if (
    typeof id !== "string" ||
    id.trim() === "" ||
    typeof info !== "function" ||
    typeof open !== "function"
  ) {
    throw new TypeError("a session discussion provider needs an id and the functions info and open");
  }
  const known = hostMemory("session-discussions", () => new Map<string, SessionDiscussionProvider>());
  known.set(id, provider);
  pruneMapToMaxSize(known, MAX_PROVIDERS);
}
