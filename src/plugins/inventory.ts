import { join } from "node:path";
import type { Logger } from "../kernel/logger.ts";
import { type DiscoveryResult, discoverPlugins, type PluginRoots } from "./discovery/discover.ts";
import type { LoadTrace } from "./loading/load-trace.ts";
import { buildSnapshot, type PluginMetadataSnapshot } from "./snapshot.ts";

type Config = Readonly<Record<string, unknown>>;

export interface InventoryOptions {
  readonly roots: PluginRoots;
  readonly workspaceDir?: string;
  readonly config: { current(): { readonly config: Config } };
  readonly trace: LoadTrace;
  readonly logger: Logger;
  /** A look is over: this is what there is now. */
  onKnown(snapshot: PluginMetadataSnapshot): void;
}

/** Which plugins there are, by folders and configuration; runs no plugin code. */
export class PluginInventory {
  readonly #options: InventoryOptions;
  #snapshot: PluginMetadataSnapshot | undefined;
  /** The newest look at folders and configuration, while it is under way. */
  #looking: Promise<PluginMetadataSnapshot> | undefined;
  /** What the newest look made of manifests, for the next one. */
  #manifests: DiscoveryResult["manifests"] = new Map();

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** What the newest look found, without waiting. */
  get known(): PluginMetadataSnapshot | undefined {
    return this.#snapshot;
  }

  async snapshot(): Promise<PluginMetadataSnapshot> {
    return this.#looking ?? this.#snapshot ?? this.look(this.#options.config.current().config);
  }

  /** Looks at folders and configuration. What was known before stays visible until the look is over. */
  look(config: Config): Promise<PluginMetadataSnapshot> {
    const look: Promise<PluginMetadataSnapshot> = this.#options.trace
      .phase("discover", undefined, () => this.#discover(config))
      .then((snapshot) => {
        if (this.#looking === look) {
          this.#snapshot = snapshot;
          this.#options.onKnown(snapshot);
        }
        return snapshot;
      })
      .finally(() => {
        if (this.#looking === look) this.#looking = undefined;
      });
    this.#looking = look;
    return look;
  }

  forget(): void {
    this.#snapshot = undefined;
  }

  async #discover(config: Config): Promise<PluginMetadataSnapshot> {
    const { roots, workspaceDir, logger } = this.#options;
    const section = config["plugins"] as { load?: { paths?: unknown } } | undefined;
    const paths = Array.isArray(section?.load?.paths) ? section.load.paths : [];
    const discovery = await discoverPlugins(
      roots,
      paths.filter((path): path is string => typeof path === "string" && path.trim() !== "").map(expandHome),
      this.#manifests,
    );
    this.#manifests = discovery.manifests;
    const snapshot = buildSnapshot(discovery, config, workspaceDir);
    for (const { level, code, message } of snapshot.diagnostics) {
      if (level !== "info") logger[level](message, { code });
    }
    return snapshot;
  }
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(process.env["HOME"] ?? "", path.slice(2)) : path;
}
