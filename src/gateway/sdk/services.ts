import type { MemoryPromptBuilder } from "../../contracts/capabilities.ts";
import type { ChannelPlugin, ChannelRegistration } from "../../contracts/channel.ts";
import type { PluginCommand } from "../../contracts/registrations.ts";
import type { SessionEntry } from "../../contracts/runtime.ts";
import type {
  SdkDeliveries,
  SdkEmbeddings,
  SdkMemory,
  SdkModelRow,
  SdkModels,
  SdkServices,
  SdkSessions,
} from "../../contracts/sdk-services.ts";
import { isSluiceError } from "../../kernel/errors.ts";
import { embeddingProvider, embeddingProviders, memorySearchProviders } from "../../plugins/embeddings.ts";
import { activeMemory, memoryOwners } from "../../plugins/memory.ts";
import { agentModelRef } from "../../runtime/agent/index.ts";
import type { SluiceConfig } from "../../runtime/config/index.ts";
import { describeImages } from "../../runtime/media-understanding/index.ts";
import { publicEntry } from "../../runtime/sessions/index.ts";
import type { SessionRecord } from "../../store/procedures/session-rows.ts";
import type { RuntimeRooms } from "../plugin-runtime.ts";
import { createSdkConversations } from "./conversations.ts";
import { DiagnosticEvents } from "./diagnostic-events.ts";
import { InteractiveCallbacks } from "./interactive-callbacks.ts";

/** Sessions that one call lists; the store's own page is as long. */
const MAX_LISTED = 500;
const MAX_TRANSCRIPT_ENTRIES = 1_000;
/** The model that always exists; see `api.runtime.agent.defaults`. */
const FALLBACK_MODEL = "echo/echo-1";

/** What the SDK's ambient functions may ask of this gateway. */
export function createSdkServices(rooms: () => RuntimeRooms): SdkServices {
  let interactive: InteractiveCallbacks | undefined;
  const conversations = createSdkConversations(rooms);
  let diagnostics: DiagnosticEvents | undefined;
  return {
    get version() {
      return rooms().version;
    },
    channelPlugin: (channel) => {
      const id = channel.trim().toLowerCase();
      const entry = rooms().registry.current().get<ChannelPlugin | ChannelRegistration>("channel", id);
      if (!entry) return undefined;
      return "plugin" in entry.value ? (entry.value as ChannelRegistration).plugin : entry.value;
    },
    commands: (channel) =>
      rooms()
        .registry.current()
        .list<PluginCommand>("command")
        .map((entry) => entry.value)
        .filter(({ channels }) => !channel || !channels || channels.includes(channel)),
    interactive: {
      dispatch: (callback) => {
        interactive ??= new InteractiveCallbacks(rooms().registry, rooms().clock, conversations);
        return interactive.dispatch(callback);
      },
    },
    conversations,
    sessions: sessionsOf(rooms),
    models: modelsOf(rooms),
    memory: memoryOf(rooms),
    embeddings: embeddingsOf(rooms),
    providers: (kind) =>
      rooms()
        .registry.current()
        .list(kind)
        .map(({ value }) => value),
    deliveries: deliveriesOf(rooms),
    facade: (request) => rooms().facade(request),
    onDiagnosticEvent: (listener) => {
      diagnostics ??= new DiagnosticEvents(rooms().agent, rooms().logger);
      return diagnostics.subscribe(listener);
    },
    config: () => {
      const { path, hash, source, config } = rooms().config.current();
      return { path, hash, source, config };
    },
    keyedStore: (pluginId, options) => rooms().keyedStores.openKeyedStore(pluginId, options),
    syncKeyedStore: (pluginId, options) => rooms().keyedStores.openSyncKeyedStore(pluginId, options),
  };
}

function sessionsOf(rooms: () => RuntimeRooms): SdkSessions {
  const key = (sessionKey: string, agentId?: string) => rooms().sessions.key(sessionKey, agentId);
  return {
    get(sessionKey, agentId) {
      const found = rooms().store.callSync.sessions.get(key(sessionKey, agentId));
      return found && entryOf(found);
    },
    list({ agentId }) {
      const page = rooms().store.callSync.sessions.list({
        limit: MAX_LISTED,
        ...(agentId ? { agentId } : {}),
      });
      return page.sessions.map((session) => ({ sessionKey: session.sessionKey, entry: entryOf(session) }));
    },
    async delete(sessionKey, { agentId, keepTranscript, ...expected }) {
      try {
        const { deleted } = await rooms().sessions.delete(key(sessionKey, agentId), {
          deleteTranscript: keepTranscript !== true,
          ...expected,
        });
        return deleted;
      } catch (error) {
        const reason = isSluiceError(error) && (error.details as { reason?: unknown } | undefined)?.reason;
        if (reason === "session-changed") return false;
        throw error;
      }
    },
    transcript(sessionKey, limit) {
      const page = rooms().store.callSync.transcripts.page({
        sessionKey: key(sessionKey).sessionKey,
        limit: Math.min(Math.max(1, limit), MAX_TRANSCRIPT_ENTRIES),
      });
      return (page?.entries ?? []).map((entry) => ({
        id: entry.entryId,
        ...(entry.parentId === undefined ? {} : { parentId: entry.parentId }),
        type: entry.type,
        createdAt: entry.createdAt,
        body: JSON.parse(entry.body) as unknown,
      }));
    },
    keyOf: (sessionId) => rooms().store.callSync.sessions.find({ sessionId })?.sessionKey,
  };
}

function deliveriesOf(rooms: () => RuntimeRooms): SdkDeliveries {
  return {
    hasten: (choose) =>
      rooms().channels.hastenOutbound((row) =>
        choose({
          id: row.outboxId,
          channel: row.channel,
          accountId: row.accountId,
          to: row.to,
          retryCount: row.attempts,
          enqueuedAt: row.createdAt,
          ...(row.lastError === undefined ? {} : { lastError: row.lastError }),
        }),
      ),
  };
}

function memoryOf(rooms: () => RuntimeRooms): SdkMemory {
  return {
    active() {
      const generation = rooms().registry.current();
      for (const pluginId of memoryOwners(generation)) {
        const capability = activeMemory(generation, pluginId);
        if (capability) return { pluginId, capability };
      }
      return undefined;
    },
    promptSupplements: () =>
      rooms()
        .registry.current()
        .list<{ builder: MemoryPromptBuilder }>("memoryPromptSupplement")
        .map(({ pluginId, value }) => ({ pluginId, builder: value.builder })),
  };
}

function embeddingsOf(rooms: () => RuntimeRooms): SdkEmbeddings {
  const generation = () => rooms().registry.current();
  return {
    find: (id) => embeddingProvider(generation(), id)?.value,
    list: () => embeddingProviders(generation()).map(({ value }) => value),
    async forMemorySearch(config) {
      for (const contract of ["embeddingProviders", "memoryEmbeddingProviders"]) {
        await rooms().activate({ kind: "contract", contract });
      }
      return memorySearchProviders(generation(), config).map(({ value }) => value);
    },
  };
}

function modelsOf(rooms: () => RuntimeRooms): SdkModels {
  let known: SdkModelRow[] | undefined;
  return {
    async list() {
      const rows = await rooms().models.list("default");
      known = rows
        .filter((row) => row.available)
        .map(({ provider, id, name, contextWindow, reasoning, input }) => ({
          provider,
          id,
          name,
          contextWindow,
          reasoning,
          input: [...input],
        }));
      return known;
    },
    known: () => known,
    describeImages: (request) => describeImages(rooms(), request),
    defaultRef: (config, agentId) => agentModelRef(config as SluiceConfig, agentId) ?? FALLBACK_MODEL,
  };
}

function entryOf(session: SessionRecord): SessionEntry {
  return publicEntry(session) as SessionEntry;
}
