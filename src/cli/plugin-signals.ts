import { fromGatewayOr } from "./commands/plugins-source.ts";
import type { CommandContext } from "./context.ts";

/** How one plugin stands towards this host (plugin-sdk spec 2.18). */
export interface PluginSignal {
  pluginId: string;
  signal: string;
  notices: readonly { code: string; compatCode: string; severity: string; message: string }[];
}

interface Inspection {
  plugin: { id: string };
  compatibility: Omit<PluginSignal, "pluginId">;
}

/** The signals of all plugins that are switched on, and of those that failed. */
export function pluginSignals(context: CommandContext): Promise<PluginSignal[]> {
  return fromGatewayOr(
    context,
    () =>
      context.withGateway(["operator.read"], async (client) => {
        const { plugins } = await context.progressCall<{ plugins: { id: string; status?: string }[] }>(
          client,
          "plugins.list",
          {},
        );
        const signals: PluginSignal[] = [];
        for (const { id, status } of plugins) {
          if (status === "disabled") continue;
          signals.push(
            signalOf(await context.progressCall<Inspection>(client, "plugins.inspect", { pluginId: id })),
          );
        }
        return signals;
      }),
    async (host) => {
      await host.snapshot();
      const signals: PluginSignal[] = [];
      for (const { id, status } of host.records()) {
        const report = status === "disabled" ? undefined : await host.inspect(id);
        if (report) signals.push(signalOf(report));
      }
      return signals;
    },
  );
}

function signalOf({ plugin, compatibility }: Inspection): PluginSignal {
  return { pluginId: plugin.id, signal: compatibility.signal, notices: compatibility.notices };
}

/** One line for each plugin that is not simply valid. */
export function describeSignals(signals: readonly PluginSignal[]): string[] {
  return signals
    .filter(({ signal }) => signal !== "config valid")
    .map(({ pluginId, signal, notices }) => {
      const why = [...new Set(notices.map(({ message }) => message))].join("; ");
      return `${pluginId}: ${signal}${why === "" ? "" : ` (${why})`}`;
    });
}
