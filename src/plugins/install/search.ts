import { tmpdir } from "node:os";
import { SluiceError } from "../../kernel/errors.ts";
import type { FoundPackage, NpmClient } from "./npm-client.ts";
import type { InstallErrorCode } from "./types.ts";

/** Most packages one search answers with. */
export const MAX_SEARCH_RESULTS = 100;
export const DEFAULT_SEARCH_RESULTS = 20;
/** Longest text of a search, in characters. */
export const MAX_SEARCH_TEXT = 200;
/** Searches at one time; each is a process. */
export const MAX_SEARCHES = 2;
/** The registry also knows packages that only mention the word; this many more are asked for. */
const SPARE = 2;
/** npm asks for no more in one go. */
const MAX_ASKED = 250;

/** The word every plugin package of the ecosystem has in its name or its keywords. */
const ECOSYSTEM = "openclaw";
const OFFICIAL_SCOPE = "@openclaw/";

/** A package that can be installed, as searches show it (gateway protocol, `PluginSearchResultEntry`). */
export interface SearchResult {
  /** Between 0 and 1; the registry's own order. */
  readonly score: number;
  readonly package: {
    readonly name: string;
    readonly displayName: string;
    readonly family: "code-plugin";
    readonly channel: "official" | "community";
    readonly isOfficial: boolean;
    readonly summary?: string;
    readonly latestVersion?: string;
  };
}

/** Finds plugins in the npm registry that the installer takes them from. */
export class PluginSearch {
  readonly #npm: Pick<NpmClient, "search">;
  #running = 0;

  constructor(npm: Pick<NpmClient, "search">) {
    this.#npm = npm;
  }

  /**
   * @param query words; empty for everything
   * @throws SluiceError `SEARCH_BUSY` (retryable), `PACKAGE_UNAVAILABLE` when the registry does not answer
   */
  async search(query: string, limit = DEFAULT_SEARCH_RESULTS): Promise<readonly SearchResult[]> {
    if (this.#running >= MAX_SEARCHES) {
      throw new SluiceError<InstallErrorCode>(
        "SEARCH_BUSY",
        `${MAX_SEARCHES} searches are running; try again in a moment`,
        { retryable: true, retryAfterMs: 1_000 },
      );
    }
    const words = query.slice(0, MAX_SEARCH_TEXT).split(/\s+/).filter(isWord);
    const wanted = Math.min(Math.max(1, limit), MAX_SEARCH_RESULTS);
    this.#running += 1;
    try {
      const asked = Math.min(wanted * SPARE, MAX_ASKED);
      const found = await this.#npm.search([ECOSYSTEM, ...words], asked, tmpdir());
      const plugins = found.filter(isPlugin).slice(0, wanted);
      return plugins.map((one, index) => resultOf(one, 1 - index / plugins.length));
    } finally {
      this.#running -= 1;
    }
  }
}

/** A word that begins with a dash or a slash would be an option or a pattern for npm. */
function isWord(word: string): boolean {
  return word !== "" && !/^[-/]/.test(word);
}

function isPlugin({ name, keywords }: FoundPackage): boolean {
  return [name, ...keywords].some((text) => text.toLowerCase().includes(ECOSYSTEM));
}

function resultOf({ name, version, description }: FoundPackage, score: number): SearchResult {
  const isOfficial = name.startsWith(OFFICIAL_SCOPE);
  return {
    score,
    package: {
      name,
      displayName: name.replace(/^@[^/]+\//, ""),
      family: "code-plugin",
      channel: isOfficial ? "official" : "community",
      isOfficial,
      ...(description === undefined ? {} : { summary: description }),
      ...(version === undefined ? {} : { latestVersion: version }),
    },
  };
}
