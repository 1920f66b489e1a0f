import { useEffect, useState } from "preact/hooks";
import type { GatewayConnection } from "./gateway-connection.ts";
import type { PluginReport, PluginRow } from "./plugin-wire.ts";

interface Props {
  connection: GatewayConnection;
  row: PluginRow;
  revision: number;
  /** Absent where reloading makes no sense. */
  onReload: (() => void) | undefined;
}

/** What one plugin registered, how it stands towards this gateway, and every complaint about it. */
export function PluginDetails({ connection, row, revision, onReload }: Props) {
  const [report, setReport] = useState<PluginReport>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    let current = true;
    connection
      .request<PluginReport>("plugins.inspect", { pluginId: row.id })
      .then((next) => current && setReport(next))
      .catch((error: Error) => current && setProblem(error.message));
    return () => {
      current = false;
    };
  }, [connection, row, revision]);

  if (!report) return <p class={problem ? "problem" : "quiet"}>{problem ?? "Looking…"}</p>;
  const { plugin, shape, contributions, compatibility, missingSdkNames, diagnostics } = report;
  const facts: [string, string][] = [
    ["Why", row.reason ?? ""],
    ["Signal", compatibility.signal],
    ["Shape", shape ?? ""],
    ["Found", `${row.origin ?? ""}, ${plugin.source ?? plugin.rootDir ?? ""}`],
    ...Object.entries(contributions).map(([kind, names]): [string, string] => [kind, names.join(", ")]),
    ["SDK names it may miss", missingSdkNames.join(", ")],
  ];
  return (
    <div class="plugin-details">
      {diagnostics.length > 0 && (
        <ul class="diagnostics" aria-label={`Complaints about ${row.name}`}>
          {diagnostics.map(({ level, code, message }) => (
            <li key={`${code} ${message}`} class={level === "info" ? "quiet" : "problem"}>
              <code>{code}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <dl>
        {facts
          .filter(([, text]) => text !== "")
          .map(([heading, text]) => (
            <div key={heading} class="fact">
              <dt>{heading}</dt>
              <dd>{text}</dd>
            </div>
          ))}
      </dl>
      {onReload && (
        <button type="button" class="minor" onClick={onReload}>
          Reload its code
        </button>
      )}
    </div>
  );
}
