import { useCallback, useEffect, useState } from "preact/hooks";
import type { GatewayConnection } from "./gateway-connection.ts";

interface OpenApproval {
  id: string;
  request: {
    title: string;
    description?: string;
    pluginId: string;
    toolName?: string;
    allowedDecisions: readonly string[];
  };
}

interface Props {
  connection: GatewayConnection;
  /** Counts what the gateway said about questions; another number means looking again. */
  revision: number;
}

const WORDS: Readonly<Record<string, string>> = {
  "allow-once": "Allow once",
  "allow-always": "Always allow",
  deny: "Deny",
};

/** Questions of plugins that wait for a person, with a button for each answer they offer. */
export function Approvals({ connection, revision }: Props) {
  const [waiting, setWaiting] = useState<readonly OpenApproval[]>([]);

  const refresh = useCallback(() => {
    connection
      .request<OpenApproval[]>("plugin.approval.list")
      .then(setWaiting)
      .catch(() => {});
  }, [connection]);

  useEffect(refresh, [refresh, revision]);

  const decide = (id: string, decision: string) =>
    connection.request("plugin.approval.resolve", { id, decision }).then(refresh, refresh);

  if (waiting.length === 0) return null;
  return (
    <ul class="approvals" aria-label="Questions of plugins">
      {waiting.map(({ id, request }) => (
        <li key={id} role="alert">
          <strong>{request.title}</strong>
          <span>{request.description}</span>
          <span class="quiet">
            {request.pluginId} asks{request.toolName && ` before ${request.toolName} runs`}
          </span>
          <div class="answers">
            {request.allowedDecisions.map((decision) => (
              <button key={decision} type="button" class="minor" onClick={() => void decide(id, decision)}>
                {WORDS[decision] ?? decision}
              </button>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}
