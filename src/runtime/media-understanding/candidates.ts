import { isRecord } from "../../kernel/records.ts";
import { inOrder, providerNamed, sectionAt, textAt } from "../provider-choice.ts";
import type {
  Config,
  MediaCapability,
  MediaUnderstandingMembers,
  MediaUnderstandingRooms,
  UnderstandingEntry,
} from "./types.ts";

/** A provider that may be asked, and with what. */
export interface Candidate {
  entry: UnderstandingEntry;
  model: string | undefined;
  auth: { apiKey?: string };
  endpoint: { baseUrl?: string; headers?: Record<string, string> };
}

/** What `tools.media.<kind>.models` lists, in its order; else whoever has a credential, by priority. */
export function candidatesFor(
  rooms: MediaUnderstandingRooms,
  capability: MediaCapability,
  settings: Config,
): readonly Candidate[] {
  const entries = rooms.registry.current().list<MediaUnderstandingMembers>("mediaUnderstandingProvider");
  const able = entries.filter(({ value }) => value.capabilities?.includes(capability) ?? true);
  const listed = settings["models"];
  if (Array.isArray(listed) && listed.length > 0) {
    return listed.filter(isRecord).flatMap((wish) => {
      const entry = providerNamed(able, textAt(wish, "provider") ?? "");
      if (!entry) return [];
      const model = textAt(wish, "model") ?? entry.value.defaultModels?.[capability];
      const endpoint = endpointOf(rooms, entry, wish, settings);
      return [{ entry, model, auth: authOf(rooms, entry) ?? {}, endpoint }];
    });
  }
  return inOrder(able, (value) => value.autoPriority?.[capability]).flatMap((entry) => {
    const auth = authOf(rooms, entry);
    const model = entry.value.defaultModels?.[capability];
    return auth ? [{ entry, model, auth, endpoint: endpointOf(rooms, entry, settings) }] : [];
  });
}

/** Undefined when the provider has no credential and does not say that it needs none. */
export function authOf(
  rooms: MediaUnderstandingRooms,
  { value }: UnderstandingEntry,
): { apiKey?: string } | undefined {
  const own = value.resolveAuth?.({ cfg: rooms.config.current().config, provider: value.id });
  if (own?.kind === "none") return {};
  const apiKey = own?.apiKey ?? rooms.models.apiKeyFor(value.id)?.apiKey;
  return apiKey === undefined ? undefined : { apiKey };
}

/** Where the operator says a provider is: in the settings of the capability, else in those of its models. */
function endpointOf(
  rooms: MediaUnderstandingRooms,
  { value }: UnderstandingEntry,
  ...settings: readonly Config[]
) {
  const { config } = rooms.config.current();
  const sections = [...settings, sectionAt(config, "models", "providers", value.id)];
  const baseUrl = sections.map((section) => textAt(section, "baseUrl")).find((text) => text !== undefined);
  const headers: Record<string, string> = {};
  for (const section of [...sections].reverse()) {
    for (const [name, header] of Object.entries(sectionAt(section, "headers"))) {
      if (typeof header === "string") headers[name] = header;
    }
  }
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}
