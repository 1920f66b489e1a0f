import { dirname, join } from "node:path";
import type { AuthProfileCredential, AuthProfileStore, ProfileUsage } from "../../contracts/auth-profiles.ts";
import type { FailoverReason, ProviderApiKey } from "../../contracts/provider.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { agentDir, defaultAgentId } from "../agent/settings.ts";
import { isSecretRef, SecretResolver } from "../config/secret-ref.ts";
import type { ConfigService } from "../config/types.ts";
import { mergeProfiles, orderedProfiles } from "./auth-profiles.ts";
import { NO_PROFILES, type ProfileFile, readProfileFile } from "./profile-file.ts";
import { afterFailure, afterSuccess, type ProfilePause, pauseOf } from "./profile-health.ts";
import { type Renewal, renewProfile } from "./profile-renewal.ts";

/** A change of a file of sign-ins is seen after this long at the latest. */
export const PROFILES_TTL_MS = 1_000;
/** A sign-in that could not be renewed is not tried again before this. */
export const RENEWAL_REST_MS = 30_000;
/** Agents whose sign-ins are kept in mind, and sign-ins whose faring is. */
export const MAX_PROFILE_FOLDERS = 256;
export const MAX_PROFILE_RECORDS = 1_024;

export interface ProfileBookOptions {
  stateDir: string;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  env: Readonly<Record<string, string | undefined>>;
  /** Told every secret, so that none is ever logged. */
  redactor?: { add(secret: string): void };
}

const AGENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** Which sign-in is wanted. */
export interface ProfileWish {
  agentId?: string | undefined;
  /** The first choice, unless it rests. */
  preferred?: string | undefined;
  /** Tried already. */
  except?: string | undefined;
}

/** The sign-in to use. */
export interface PickedProfile {
  profileId: string;
  credential: AuthProfileCredential;
  secret: string;
  mode: NonNullable<ProviderApiKey["mode"]>;
  /** Every sign-in of the provider rests; this one is back first. */
  pause?: ProfilePause;
}

interface ProfileRecord {
  usage: ProfileUsage;
  /** What it says is worth nothing for another secret under the same id. */
  secret: string;
}

/**
 * The sign-ins of agents with model providers, in the order in which they are used (spec 2.6), and how they
 * fared. The agents' files belong to those who sign in: only tokens that their provider renewed are written. How
 * sign-ins fare is known for as long as the gateway runs; no pause is longer than some minutes.
 */
export class ProfileBook {
  readonly #options: ProfileBookOptions;
  readonly #files = new Map<string, ProfileFile & { readAt: number }>();
  readonly #records = new Map<string, ProfileRecord>();
  readonly #complained = new Set<string>();
  readonly #renewals = new Map<string, Promise<boolean>>();
  /** From when on renewing is tried again, by file and profile. */
  readonly #renewable = new Map<string, number>();
  #configRevision: unknown;
  #version = 0;

  constructor(options: ProfileBookOptions) {
    this.#options = options;
  }

  /** Differs when a file does. */
  get version(): number {
    return this.#version;
  }

  /** Looks for changes in the files behind an agent, the default one without a name. */
  async refresh(agentId?: string): Promise<void> {
    const { revision } = this.#options.config.current();
    if (revision !== this.#configRevision) {
      // References may mean something else now.
      this.#configRevision = revision;
      this.#files.clear();
    }
    for (const folder of this.#folders(agentId)) await this.#read(folder);
  }

  /** The sign-in for a model of a provider; `undefined` where there is none to be used. */
  pick(
    question: {
      provider: string;
      modelId: string;
      authProviderOf(provider: string): string;
      /** A sign-in that has ended may be picked, to be renewed. */
      canRenew?(credential: AuthProfileCredential): boolean;
    },
    wish: ProfileWish = {},
  ): PickedProfile | undefined {
    const files = this.#folders(wish.agentId).map((folder) => this.#files.get(folder) ?? NO_PROFILES);
    if (files.every((file) => file.secrets.size === 0)) return undefined;
    const { config } = this.#options.config.current();
    const now = this.#options.clock.now();
    const store = this.#withUsage(
      mergeProfiles(files.map((file) => file.store).reverse()),
      files,
      question.modelId,
    );
    const secretOf = (id: string) => files.find((file) => file.store.profiles?.[id])?.secrets.get(id);
    const isUsable = (credential: AuthProfileCredential | undefined) =>
      !isExpired(credential, now) || (credential !== undefined && question.canRenew?.(credential) === true);
    const usable = orderedProfiles({ ...question, store, config, now }).filter(
      (id) => id !== wish.except && secretOf(id) !== undefined && isUsable(store.profiles[id]),
    );
    const restsUntil = (id: string) => pauseOf(store.usageStats?.[id], question.modelId, now);
    const { preferred } = wish;
    const chosen =
      preferred !== undefined && usable.includes(preferred) && !restsUntil(preferred) ? preferred : usable[0];
    const credential = chosen === undefined ? undefined : store.profiles[chosen];
    const secret = chosen === undefined ? undefined : secretOf(chosen);
    if (chosen === undefined || !credential || secret === undefined) return undefined;
    const pause = restsUntil(chosen);
    return {
      profileId: chosen,
      credential,
      secret,
      mode: modeOf(credential),
      ...(pause ? { pause } : {}),
    };
  }

  /**
   * Renews a sign-in that is about to end, once for all who ask at the same time; not again at once where that
   * failed.
   *
   * @returns whether there is a newer one now
   */
  async renew(
    { profileId, secret }: PickedProfile,
    agentId: string | undefined,
    refresh: Renewal["refresh"],
  ): Promise<boolean> {
    const holds = (path: string) => this.#files.get(path)?.secrets.get(profileId) === secret;
    const folder = this.#folders(agentId).find(holds);
    if (folder === undefined) return false;
    const key = join(folder, profileId);
    if ((this.#renewable.get(key) ?? 0) > this.#options.clock.monotonic()) return false;
    const running = this.#renewals.get(key) ?? this.#renewIn(folder, profileId, refresh);
    this.#renewals.set(key, running);
    const renewed = await running.finally(() => this.#renewals.delete(key));
    if (renewed) this.#renewable.delete(key);
    else this.#renewable.set(key, this.#options.clock.monotonic() + RENEWAL_REST_MS);
    return renewed;
  }

  async #renewIn(folder: string, profileId: string, refresh: Renewal["refresh"]): Promise<boolean> {
    const { clock, logger } = this.#options;
    try {
      await renewProfile({ folder, profileId, clock, refresh });
      await this.#read(folder, { anew: true });
      return true;
    } catch (error) {
      logger.warn("a sign-in could not be renewed", { profileId, error: errorMessage(error) });
      return false;
    }
  }

  failed(profileId: string, secret: string, failure: { reason: FailoverReason; modelId: string }): void {
    const now = this.#options.clock.now();
    this.#note(profileId, secret, (usage) => afterFailure(usage, { ...failure, now }));
  }

  succeeded(profileId: string, secret: string): void {
    this.#note(profileId, secret, () => afterSuccess(this.#options.clock.now()));
  }

  /** How sign-ins fared since the gateway started, over what a file says. */
  usage(): Readonly<Record<string, ProfileUsage>> {
    return Object.fromEntries([...this.#records].map(([id, { usage }]) => [id, usage]));
  }

  #note(profileId: string, secret: string, change: (usage: ProfileUsage) => ProfileUsage): void {
    const known = this.#records.get(profileId);
    const usage = change(known?.secret === secret ? known.usage : {});
    this.#records.delete(profileId);
    this.#records.set(profileId, { usage, secret });
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_PROFILE_RECORDS && oldest !== undefined) this.#records.delete(oldest);
  }

  /** The order counts only rests that concern the model. */
  #withUsage(store: AuthProfileStore, files: readonly ProfileFile[], modelId: string): AuthProfileStore {
    const usageStats: Record<string, ProfileUsage> = {};
    for (const id of Object.keys(store.profiles)) {
      const record = this.#records.get(id);
      const current = files.some((file) => file.secrets.get(id) === record?.secret);
      const usage = record && current ? record.usage : store.usageStats?.[id];
      if (!usage) continue;
      const elsewhere = usage.cooldownModel !== undefined && usage.cooldownModel !== modelId;
      usageStats[id] = elsewhere ? { ...usage, cooldownUntil: 0 } : usage;
    }
    return { ...store, usageStats };
  }

  /** The agent's own folder first, then the default agent's. */
  #folders(agentId?: string): string[] {
    const { stateDir, config } = this.#options;
    const main = defaultAgentId(config.current().config);
    // A session key may name any agent; only a plain name is one of a folder.
    const own = agentId !== undefined && AGENT_NAME.test(agentId) ? agentId : main;
    return [...new Set([own, main])].map((id) => agentDir(stateDir, id));
  }

  async #read(folder: string, { anew = false } = {}): Promise<void> {
    const { clock, logger, redactor } = this.#options;
    const known = this.#files.get(folder);
    const readAt = clock.monotonic();
    if (!anew && known && readAt - known.readAt < PROFILES_TTL_MS) return;
    let file: ProfileFile;
    try {
      file = await readProfileFile(folder, known, (reference) => this.#resolve(reference));
      this.#complained.delete(folder);
    } catch (error) {
      // What was known goes on; the owner of the file is told once.
      file = known ?? NO_PROFILES;
      if (!this.#complained.has(folder)) {
        this.#complained.add(folder);
        logger.warn("sign-ins of an agent cannot be read", { folder, error: errorMessage(error) });
      }
    }
    if (file.stamp !== known?.stamp) this.#version += 1;
    for (const secret of file.secrets.values()) redactor?.add(secret);
    if (this.#files.size >= MAX_PROFILE_FOLDERS && !known) this.#files.clear();
    this.#files.set(folder, { ...file, readAt });
  }

  async #resolve(reference: unknown): Promise<string | undefined> {
    if (!isSecretRef(reference)) return undefined;
    const { config, env, logger } = this.#options;
    const { config: current, path } = config.current();
    try {
      return await new SecretResolver(env, current, dirname(path)).resolve(reference);
    } catch (error) {
      logger.warn("the secret of a sign-in cannot be read", { error: errorMessage(error) });
      return undefined;
    }
  }
}

function modeOf({ type }: AuthProfileCredential): PickedProfile["mode"] {
  return type === "oauth" || type === "token" ? type : "api-key";
}

/** Keys have no end; the ends of other sign-ins are milliseconds since 1970. */
function isExpired(credential: AuthProfileCredential | undefined, now: number): boolean {
  const expires = credential?.type === "api_key" ? undefined : credential?.["expires"];
  return typeof expires === "number" && expires > 0 && expires <= now;
}
