/** Where a conversation can be looked at and talked about. */

export {
  registerSessionDiscussionProvider,
  type SessionDiscussionInfo,
  type SessionDiscussionProvider,
} from "./sessions/discussions.ts";

/**
 * The path of a session in the control page, for links in messages. `undefined` where it has none, as here: the
 * page of this gateway opens at one address, and its sessions are chosen there.
 */
export function buildControlUiSessionPath(_params: {
  namespace: string;
  sessionKey: string;
  fallbackAgentId?: string;
  basePath?: string;
  displayName?: string;
  mainKey?: string;
}): string | undefined {
  return undefined;
}
