import type { ChannelService } from "../channels/types.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Redactor } from "../kernel/redaction.ts";
import type { PluginInspection } from "../plugins/inspect/inspect.ts";
import type { InstallBook, PluginInstaller, PluginSearch } from "../plugins/install/index.ts";
import type { PluginMetadataSnapshot } from "../plugins/snapshot.ts";
import type { HookRunner, PluginDiagnostic, PluginRecord, RegistryReader } from "../plugins/types.ts";
import type { AgentRuntime, SystemEvents } from "../runtime/agent/index.ts";
import type { ConfigService } from "../runtime/config/index.ts";
import type { Models } from "../runtime/models/index.ts";
import type { Sessions } from "../runtime/sessions/index.ts";
import type { PluginApprovals } from "../runtime/workflow/index.ts";
import type { Store } from "../store/index.ts";
import type { GatewayIdentity } from "./connection/identity.ts";
import type { EventHub } from "./events/hub.ts";
import type { HealthMonitor } from "./health.ts";
import type { LogFile } from "./log-file.ts";
import type { Presence } from "./presence.ts";

/** What the gateway asks of the plugin host. */
export interface PluginDirectory {
  records(): readonly PluginRecord[];
  /** Findings about plugins as a whole. */
  diagnostics(): readonly PluginDiagnostic[];
  /** What is known of all plugins without running their code. */
  snapshot(): Promise<PluginMetadataSnapshot>;
  inspect(id: string): Promise<PluginInspection | undefined>;
  /** Loads a plugin's code anew; the old one goes on when that fails. */
  reload(id: string): Promise<void>;
  /** Looks at folders and configuration again and follows them. */
  applyConfig(): Promise<void>;
}

/**
 * Everything a method handler can reach, built once per gateway by `compose.ts`. A method group that
 * needs another part adds it here, typed by the room that owns it.
 */
export interface GatewayServices {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redactor: Redactor;
  readonly store: Store;
  readonly config: ConfigService;
  readonly registry: RegistryReader;
  readonly hooks: HookRunner;
  readonly plugins: PluginDirectory;
  readonly installs: InstallBook;
  readonly installer: PluginInstaller;
  readonly pluginSearch: PluginSearch;
  readonly agent: AgentRuntime;
  readonly models: Models;
  readonly sessions: Sessions;
  readonly approvals: PluginApprovals;
  readonly channels: ChannelService;
  readonly systemEvents: SystemEvents;
  readonly hub: EventHub;
  readonly presence: Presence;
  readonly health: HealthMonitor;
  readonly identity: GatewayIdentity;
  readonly logFile: LogFile;
  readonly facts: GatewayFacts;
  readonly deliveries: DeliveryControl;
  readonly devices: DeviceControl;
  /** Sessions stored, over all agents. */
  sessionCount(): Promise<number>;
  agents(): { agentId: string; isDefault: boolean; name?: string }[];
  /** One line per channel account, for people. */
  channelSummary(): string[];
}

/** Puts dead deliveries back to work; provided by the channels room. */
export interface DeliveryControl {
  /** @returns false when there is no such dead or ignored message */
  replayInbox(inboxId: string): Promise<boolean>;
  /** @returns false when there is no such dead or cancelled message */
  replayOutbox(outboxId: string): Promise<boolean>;
}

/** What device methods ask of the server. */
export interface DeviceControl {
  connected(deviceId: string): boolean;
  /** Closes the live sockets of a device, of one role or of all. */
  disconnect(deviceId: string, role?: string): void;
}

/** What does not change while the gateway runs. */
export interface GatewayFacts {
  readonly version: string;
  /** A UUID of this process start. */
  readonly bootId: string;
  readonly startedAt: number;
  /** Absolute path. */
  readonly stateDir: string;
}
