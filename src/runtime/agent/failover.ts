import type { AssistantMessage } from "../../contracts/messages.ts";
import type { FailoverReason } from "../../contracts/provider.ts";
import { isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { failureReason, isFailoverReason } from "../models/failure-reason.ts";
import { isMatterOfProfile } from "../models/profile-health.ts";
import type { Models, ResolvedModel } from "../models/types.ts";

/** Models one run may try. */
export const MAX_CANDIDATES = 16;
/** Characters of a model's own error in the error of all. */
export const MAX_ATTEMPT_CHARS = 200;

/** Another model would fail alike, or its answer would not be what was asked for. */
const FINAL: ReadonlySet<FailoverReason> = new Set(["context_overflow"]);

/** A model that did not answer (spec 2.6 `FallbackAttempt`). */
export interface FallbackAttempt {
  provider: string;
  model: string;
  error: string;
  reason: FailoverReason;
  /** The sign-in it was asked with. */
  profileId?: string;
}

export interface FailoverOptions {
  models: Models;
  logger: Logger;
  agentId: string;
  runId: string;
  /** References in the order they are tried; `undefined` is the default model. */
  candidates: readonly (string | undefined)[];
  /** The sign-in the session is used to, or that its user chose. */
  profileId?: string | undefined;
}

/**
 * The models a run may use, one after the other (spec 2.6): when one does not answer, the next is asked the
 * same. A run stays with the model it has come to.
 */
export class Failover {
  readonly #options: FailoverOptions;
  readonly #waiting: (string | undefined)[];
  readonly #seen = new Set<string>();
  /** Models that were asked with a second sign-in. */
  readonly #rotated = new Set<string>();
  /** Providers that were asked although all their sign-ins rest. */
  readonly #probed = new Set<string>();
  readonly #attempts: FallbackAttempt[] = [];

  constructor(options: FailoverOptions) {
    this.#options = options;
    this.#waiting = options.candidates.slice(0, MAX_CANDIDATES);
  }

  /** Those that did not answer so far. */
  get attempts(): readonly FallbackAttempt[] {
    return this.#attempts;
  }

  /**
   * The first model that there is.
   *
   * @throws SluiceError what the only candidate's resolution throws, or `MODELS_FAILED` naming each
   */
  async first(): Promise<ResolvedModel> {
    let last: unknown;
    const found = await this.#next((error) => {
      last = error;
    });
    if (found) return found;
    if (last !== undefined && this.#attempts.length < 2) throw last;
    throw new SluiceError("MODELS_FAILED", describeAttempts(this.#attempts), { cause: last });
  }

  /** Notes that a model gave no answer, or not a whole one. */
  failed(resolved: ResolvedModel, answer: AssistantMessage): void {
    const reason = reasonOf(answer);
    const { model, profile } = resolved;
    this.#options.models.report(resolved, reason);
    this.#note({
      provider: model.provider,
      model: model.id,
      reason,
      error: answer.errorMessage ?? "it gave no reason",
      ...(profile ? { profileId: profile.profileId } : {}),
    });
  }

  /** Notes that a model answered. */
  answered(resolved: ResolvedModel): void {
    this.#options.models.report(resolved);
  }

  /** The model to ask where `failed` gave no answer; `undefined` when there is none. */
  async after(failed: ResolvedModel, answer: AssistantMessage): Promise<ResolvedModel | undefined> {
    this.failed(failed, answer);
    const reason = reasonOf(answer);
    if (FINAL.has(reason)) return undefined;
    return (await this.#otherProfile(failed, reason)) ?? this.#next(() => {});
  }

  /** The same model with another sign-in, once (spec 2.6). */
  async #otherProfile(failed: ResolvedModel, reason: FailoverReason): Promise<ResolvedModel | undefined> {
    const { models, agentId } = this.#options;
    const except = failed.profile?.profileId;
    if (except === undefined || !isMatterOfProfile(reason) || this.#rotated.has(failed.ref)) return undefined;
    this.#rotated.add(failed.ref);
    const other = await models.resolve(failed.ref, agentId, { except });
    return other.profile && !other.profile.pause ? other : undefined;
  }

  /** The error of a run in which no model answered: the only one's own, or what each of them said. */
  failure(answer: AssistantMessage): { code: string; message: string } {
    const own = {
      code: answer.errorCode ?? "MODEL_FAILED",
      message: answer.errorMessage ?? "the model failed",
    };
    return this.#attempts.length < 2
      ? own
      : {
          code: FINAL.has(reasonOf(answer)) ? own.code : "MODELS_FAILED",
          message: describeAttempts(this.#attempts),
        };
  }

  async #next(refused: (error: unknown) => void): Promise<ResolvedModel | undefined> {
    const { models, agentId, profileId } = this.#options;
    while (this.#waiting.length > 0) {
      const ref = this.#waiting.shift();
      let resolved: ResolvedModel;
      try {
        resolved = await models.resolve(ref, agentId, { preferred: profileId });
      } catch (error) {
        // A model that there is not must not keep the others from answering; anything else is no matter of one.
        if (!isSluiceError(error) || error.code !== "MODEL_UNKNOWN") throw error;
        refused(error);
        const { provider, model } = named(ref ?? (error.details as { ref?: string } | undefined)?.ref);
        this.#note({ provider, model, reason: "model_not_found", error: error.message });
        continue;
      }
      if (this.#seen.has(resolved.ref)) continue;
      this.#seen.add(resolved.ref);
      if (this.#mayAsk(resolved)) return resolved;
    }
    return undefined;
  }

  /** Where every sign-in of a provider rests, one try is allowed for a reason that passes. */
  #mayAsk({ model, profile }: ResolvedModel): boolean {
    if (!profile?.pause) return true;
    const { until, reason, disabled } = profile.pause;
    if (!disabled && !this.#probed.has(model.provider)) {
      this.#probed.add(model.provider);
      return true;
    }
    this.#note(
      {
        provider: model.provider,
        model: model.id,
        reason: isFailoverReason(reason) ? reason : "unknown",
        error: `its sign-ins rest until ${new Date(until).toISOString()}`,
        profileId: profile.profileId,
      },
      "info",
    );
    return false;
  }

  /** A model that is passed over was complained of when it failed. */
  #note(attempt: FallbackAttempt, level: "info" | "warn" = "warn"): void {
    this.#attempts.push(attempt);
    this.#options.logger[level]("a model did not answer", {
      runId: this.#options.runId,
      model: attemptedModel(attempt),
      reason: attempt.reason,
      error: attempt.error,
      left: this.#waiting.length,
      ...(attempt.profileId === undefined ? {} : { profileId: attempt.profileId }),
    });
  }
}

function reasonOf({ errorCode: code, errorMessage: message }: AssistantMessage): FailoverReason {
  return failureReason({ code, message });
}

function named(ref: string | undefined): { provider: string; model: string } {
  const [provider = "", ...model] = (ref ?? "the default model").split("/");
  return model.length > 0 ? { provider, model: model.join("/") } : { provider: "", model: provider };
}

/** `provider/model` of an attempt. */
export function attemptedModel({ provider, model }: Pick<FallbackAttempt, "provider" | "model">): string {
  return provider === "" ? model : `${provider}/${model}`;
}

function describeAttempts(attempts: readonly FallbackAttempt[]): string {
  const each = attempts.map(({ provider, model, reason, error, profileId }) => {
    const said = error.length > MAX_ATTEMPT_CHARS ? `${error.slice(0, MAX_ATTEMPT_CHARS)}…` : error;
    const signIn = profileId === undefined ? "" : ` with ${profileId}`;
    return `${attemptedModel({ provider, model })}${signIn}: ${reason} (${said})`;
  });
  return `no model answered: ${each.join("; ")}`;
}
