import type { PluginState } from "./manifest.ts";

export interface CataloguePlugin {
  name: string;
  id?: string;
  state: PluginState;
  platforms: string;
  source_types: readonly string[];
  description: string;
}

function listed(
  state: PluginState,
  name: string,
  platforms: string,
  description: string,
  sourceTypes = "",
  id?: string,
): CataloguePlugin {
  const source_types = sourceTypes === "" ? [] : sourceTypes.split(" ");
  return { name, state, platforms, description, source_types, ...(id ? { id } : {}) };
}

/** Capture plugins known to the ecosystem, with how far each is. Not bundled here. */
export const CATALOGUE: readonly CataloguePlugin[] = [
  listed(
    "stable",
    "Mac System Audio",
    "macOS",
    "Sound of every app, meetings included, as text.",
    "audio_system",
    "openclone-mac-audio",
  ),
  listed(
    "stable",
    "Mac Screen OCR",
    "macOS",
    "Text of the active window, twice a minute.",
    "screen_ocr",
    "openclone-mac-screen",
  ),
  listed(
    "beta",
    "Browser Extension",
    "Chrome/Firefox",
    "Browsing history, reading time and articles.",
    "web_browsing",
    "openclone-browser",
  ),
  listed(
    "stable",
    "Microphone",
    "macOS / iOS",
    "Conversations and voice notes around you, as text.",
    "audio_mic",
    "openclone-mac-mic",
  ),
  listed("stable", "Voice Journal", "iOS / macOS", "Voice notes of the mobile or desktop app.", "journal"),
  listed("planned", "Windows Audio", "Windows", "Sound of every app."),
  listed("planned", "Windows Screen", "Windows", "Text of the screen."),
  listed("planned", "Linux Audio", "Linux", "Sound of every app."),
  listed("planned", "Linux Screen", "Linux", "Text of the screen."),
  listed("planned", "Health", "iOS/Android", "Steps, sleep and heart rate.", "health"),
  listed("planned", "Calendar", "All", "Events of your calendars.", "calendar"),
  listed("planned", "Obsidian", "All", "Notes as you write them.", "notes"),
  listed("planned", "Spotify / Last.fm", "All", "What you listen to.", "music"),
];

/** State of a listed plugin by its id. */
export function listedState(id: string): PluginState | undefined {
  return CATALOGUE.find((plugin) => plugin.id === id)?.state;
}
