import type { ConnectionState } from "./gateway-connection.ts";

export function ConnectionStatus({ state }: { state: ConnectionState }) {
  return (
    <p class={`status status-${state.kind}`} role="status">
      <span class="dot" aria-hidden="true" />
      {describe(state)}
    </p>
  );
}

function describe(state: ConnectionState): string {
  switch (state.kind) {
    case "connecting":
      return "Connecting…";
    case "open":
      return `Connected to gateway ${state.hello.server.version}`;
    case "waiting":
      return `${state.reason || "Connection lost"}; trying again in ${state.seconds} s`;
    case "refused":
      return state.error.message;
  }
}
