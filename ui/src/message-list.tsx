import { useEffect, useRef } from "preact/hooks";
import type { Entry } from "./conversation.ts";

const SPEAKER = { user: "You", assistant: "Agent", tool: "Tool", problem: "Problem" } as const;
/** Follow the conversation only while the reader is this close to its end, in pixels. */
const NEAR_END = 120;

export function MessageList({ entries }: { entries: readonly Entry[] }) {
  const region = useRef<HTMLDivElement>(null);
  const following = useRef(true);

  useEffect(() => {
    const element = region.current;
    if (element && following.current) element.scrollTop = element.scrollHeight;
  }, [entries]);

  const onScroll = () => {
    const element = region.current;
    if (element)
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
  };

  if (entries.length === 0)
    return <p class="empty">Nothing here yet. What you type below goes to the agent on this gateway.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div class="scroll" ref={region} onScroll={onScroll} role="log" aria-label="Conversation" tabIndex={0}>
      <ol class="messages">
        {entries.map((entry) => (
          <li key={entry.key} class={`message message-${entry.role}`} aria-busy={entry.streaming}>
            <span class="speaker">
              {SPEAKER[entry.role]}
              {entry.note && <span class="note"> · {entry.note}</span>}
            </span>
            <div class="text">
              {entry.text}
              {entry.streaming && <span class="cursor" aria-hidden="true" />}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
