import { useState } from "preact/hooks";

interface Props {
  reason: string;
  onToken(token: string): void;
}

export function TokenForm({ reason, onToken }: Props) {
  const [token, setToken] = useState("");
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) onToken(token.trim());
      }}
    >
      <p role="alert">{reason}</p>
      <p>
        The gateway prints a link with its token when it starts. Open that link, or enter the token here; it
        is kept for this tab only.
      </p>
      <label for="token">Gateway token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <button type="submit" disabled={token.trim() === ""}>
        Connect
      </button>
    </form>
  );
}
