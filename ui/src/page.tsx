import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { forgetToken, rememberToken, takeToken } from "./access-token.ts";
import { Approvals } from "./approvals.tsx";
import { Composer } from "./composer.tsx";
import { ConnectionStatus } from "./connection-status.tsx";
import {
  type Conversation,
  emptyConversation,
  fromHistory,
  withEvent,
  withFailure,
  withTool,
  withUserMessage,
} from "./conversation.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { type ConnectionState, GatewayConnection, newId } from "./gateway-connection.ts";
import { MessageList } from "./message-list.tsx";
import { Plugins } from "./plugins.tsx";
import { TokenForm } from "./token-form.tsx";
import type { ChatEvent, History, ToolEvent } from "./wire.ts";

const FALLBACK_SESSION = "agent:main:main";
const HISTORY_LIMIT = 100;
const VIEWS = { chat: "Chat", plugins: "Plugins" } as const;
type View = keyof typeof VIEWS;

export function Page() {
  const [token, setToken] = useState(takeToken);
  const [state, setState] = useState<ConnectionState>({ kind: "connecting" });
  const [conversation, setConversation] = useState<Conversation>(emptyConversation);
  const [view, setView] = useState<View>("chat");
  const [pluginChanges, setPluginChanges] = useState(0);
  const [questions, setQuestions] = useState(0);
  const [failures, setFailures] = useState(0);
  const connection = useRef<GatewayConnection | undefined>(undefined);
  const sessionKey = useRef(FALLBACK_SESSION);

  useEffect(() => {
    let current = true;
    const opened = new GatewayConnection(token, {
      onState(next) {
        if (!current) return;
        setState(next);
        if (next.kind !== "open") return;
        sessionKey.current = next.hello.snapshot?.sessionDefaults?.mainSessionKey ?? FALLBACK_SESSION;
        opened
          .request<History>("chat.history", { sessionKey: sessionKey.current, limit: HISTORY_LIMIT })
          .then((history) => current && setConversation((shown) => fromHistory(history, shown)))
          .catch(() => {});
      },
      onEvent(frame) {
        if (!current) return;
        if (frame.event === "plugins.changed") setPluginChanges((count) => count + 1);
        if (frame.event.startsWith("plugin.approval.")) setQuestions((count) => count + 1);
        const {
          sessionKey: about,
          stream,
          state,
        } = (frame.payload ?? {}) as { sessionKey?: string; stream?: string; state?: string };
        if (frame.event === "chat" && state === "error") setFailures((count) => count + 1);
        if (about !== sessionKey.current) return;
        if (frame.event === "chat") setConversation((known) => withEvent(known, frame.payload as ChatEvent));
        if (stream === "tool") setConversation((known) => withTool(known, frame.payload as ToolEvent));
      },
    });
    connection.current = opened;
    return () => {
      current = false;
      opened.close();
    };
  }, [token]);

  const send = useCallback((text: string) => {
    const runId = newId();
    setConversation((known) => withUserMessage(known, runId, text));
    connection.current
      ?.request("chat.send", { sessionKey: sessionKey.current, message: text, idempotencyKey: runId })
      .catch((error: Error) => setConversation((known) => withFailure(known, runId, error.message)));
  }, []);

  const stop = useCallback((runId: string) => {
    connection.current?.request("chat.abort", { sessionKey: sessionKey.current, runId }).catch(() => {});
  }, []);

  const enterToken = useCallback((next: string) => {
    rememberToken(next);
    setState({ kind: "connecting" });
    setToken(next);
  }, []);

  const needsToken =
    state.kind === "refused" &&
    /^AUTH_/.test(state.error.details?.code ?? "") &&
    !conversation.entries.length;
  if (needsToken) forgetToken();

  return (
    <div class="page">
      <header class="bar">
        <h1>Sluice</h1>
        <nav aria-label="Views">
          {(Object.keys(VIEWS) as View[]).map((name) => (
            <button
              key={name}
              type="button"
              class="minor view"
              aria-current={view === name ? "page" : undefined}
              onClick={() => setView(name)}
            >
              {VIEWS[name]}
            </button>
          ))}
        </nav>
        <ConnectionStatus state={state} />
      </header>
      <main>
        {needsToken ? (
          <TokenForm reason={state.error.message} onToken={enterToken} />
        ) : view === "plugins" && state.kind === "open" && connection.current ? (
          <Plugins
            connection={connection.current}
            mayChange={state.hello.auth?.scopes?.includes("operator.admin") ?? false}
            revision={pluginChanges}
          />
        ) : (
          <MessageList entries={conversation.entries} />
        )}
      </main>
      <footer>
        {state.kind === "open" && connection.current && (
          <>
            <Approvals connection={connection.current} revision={questions} />
            <DeadLetters connection={connection.current} hello={state.hello} revision={failures} />
          </>
        )}
        {view === "chat" && (
          <Composer
            enabled={state.kind === "open"}
            activeRun={conversation.activeRun}
            onSend={send}
            onStop={stop}
          />
        )}
      </footer>
    </div>
  );
}
