import { useCallback, useEffect, useState } from "preact/hooks";
import type { GatewayConnection } from "./gateway-connection.ts";
import { PluginDetails } from "./plugin-details.tsx";
import type { PluginList, PluginRow } from "./plugin-wire.ts";

interface Props {
  connection: GatewayConnection;
  /** Whether the gateway lets this page change plugins. */
  mayChange: boolean;
  /** Counts what the gateway said about changes; another number means looking again. */
  revision: number;
}

const STATE = { loaded: "on", disabled: "off", error: "broken" } as const;

/** Every plugin that was found: what it is, whether it runs, what is wrong, and the switch for it. */
export function Plugins({ connection, mayChange, revision }: Props) {
  const [list, setList] = useState<PluginList>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState<string>();
  const [open, setOpen] = useState<string>();

  const refresh = useCallback(
    () =>
      connection
        .request<PluginList>("plugins.list")
        .then(setList)
        .catch((error: Error) => setProblem(error.message)),
    [connection],
  );

  useEffect(() => void refresh(), [refresh, revision]);

  const change = useCallback(
    async (pluginId: string, method: string, params: object) => {
      setBusy(pluginId);
      setProblem(undefined);
      try {
        await connection.request(method, params);
      } catch (error) {
        setProblem(`${pluginId}: ${(error as Error).message}`);
      }
      await refresh();
      setBusy(undefined);
    },
    [connection, refresh],
  );

  if (!list) return <p class="empty">{problem ?? "Looking…"}</p>;
  const complaintsOf = (id: string) =>
    new Set(
      list.diagnostics
        .filter(({ pluginId, level }) => pluginId === id && level !== "info")
        .map(({ message }) => message),
    ).size;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class="scroll" aria-label="Plugins" tabIndex={0}>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {list.plugins.length === 0 && <p class="empty">No plugins were found.</p>}
      <ul class="plugins">
        {list.plugins.map((row) => (
          <li key={row.id} class={`plugin plugin-${row.status}`}>
            <div class="plugin-head">
              <button
                type="button"
                class="minor plugin-name"
                aria-expanded={open === row.id}
                onClick={() => setOpen(open === row.id ? undefined : row.id)}
              >
                {row.name} <span class="quiet">{row.version}</span>
              </button>
              <span class={`badge badge-${row.status}`}>{STATE[row.status]}</span>
              <button
                type="button"
                class="minor"
                disabled={!mayChange || !list.mutationAllowed || busy !== undefined}
                onClick={() => void change(row.id, "plugins.setEnabled", toggled(row))}
              >
                {row.status === "disabled" ? "Enable" : "Disable"}
                <span class="hidden"> {row.name}</span>
              </button>
            </div>
            <p class="quiet">{row.description}</p>
            {row.error ? (
              <p class="problem">{row.error}</p>
            ) : (
              complaintsOf(row.id) > 0 && (
                <p class="problem">{countOf(complaintsOf(row.id), "complaint")}; open it to read</p>
              )
            )}
            {open === row.id && (
              <PluginDetails
                connection={connection}
                row={row}
                revision={revision}
                onReload={
                  mayChange && row.status !== "disabled" && row.origin !== "bundled" && busy === undefined
                    ? () => void change(row.id, "plugins.reload", { pluginIds: [row.id] })
                    : undefined
                }
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function toggled({ id, status }: PluginRow): object {
  return { pluginId: id, enabled: status === "disabled" };
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
