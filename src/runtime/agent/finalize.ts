import type { AgentHookContext, HookEvent, HookResult } from "../../contracts/hooks.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";

/** Extra passes one turn may make because plugins want its answer revised (plugin-sdk spec 4.6). */
export const MAX_REVISIONS = 3;
const DEFAULT_ATTEMPTS = 1;
const REVISE_TEXT = "Revise your last answer.";

/** Asks `before_agent_finalize` whether an answer stands; counts the passes it asked for. */
export class Finalizer {
  readonly #attempts = new Map<string, number>();
  #total = 0;

  /** What the model is told for another pass, or `undefined` when the answer stands. */
  async revision(
    { hooks, logger }: { hooks: HookRunner; logger: Logger },
    event: Omit<HookEvent<"before_agent_finalize">, "stopHookActive">,
    context: AgentHookContext,
  ): Promise<string | undefined> {
    if (!hooks.has("before_agent_finalize") || this.#total >= MAX_REVISIONS) return undefined;
    const verdict = await hooks
      .run<HookResult<"before_agent_finalize">>(
        "before_agent_finalize",
        { ...event, stopHookActive: this.#total > 0 },
        context,
      )
      .catch((error: unknown) => {
        logger.warn("before_agent_finalize failed; the answer stands", { error: errorMessage(error) });
        return undefined;
      });
    if (verdict?.action !== "revise") return undefined;
    const { retry, reason } = verdict;
    const key = retry?.idempotencyKey ?? "";
    const used = this.#attempts.get(key) ?? 0;
    if (used >= Math.max(retry?.maxAttempts ?? DEFAULT_ATTEMPTS, 0)) return undefined;
    this.#attempts.set(key, used + 1);
    this.#total += 1;
    const told = [reason, retry?.instruction].filter(
      (text) => typeof text === "string" && text.trim() !== "",
    );
    return told.length > 0 ? told.join("\n\n") : REVISE_TEXT;
  }
}
