import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
  enabled: boolean;
  activeRun: string | undefined;
  onSend(text: string): void;
  onStop(runId: string): void;
}

export function Composer({ enabled, activeRun, onSend, onStop }: Props) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (enabled) field.current?.focus();
  }, [enabled]);

  const send = () => {
    const message = text.trim();
    if (!message || !enabled) return;
    setText("");
    onSend(message);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // A composing input method uses Enter for itself.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label for="message">Message</label>
      <textarea
        id="message"
        ref={field}
        rows={2}
        value={text}
        placeholder="Write to the agent"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {activeRun && (
        <button type="button" class="stop" onClick={() => onStop(activeRun)}>
          Stop
        </button>
      )}
      <button type="submit" disabled={!enabled || text.trim() === ""}>
        Send
      </button>
    </form>
  );
}
