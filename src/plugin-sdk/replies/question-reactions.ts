import { errorMessage } from "../../kernel/errors.ts";

/** Messages with a question that a channel remembers; the oldest are forgotten first. */
export const MAX_QUESTION_MESSAGES = 1_000;

interface QuestionBinding {
  questionId: string;
  optionIndices: object;
}

interface Reaction {
  questionId: string;
  optionIndex: number;
  cfg: object;
  channel: string;
  senderId?: string;
  [extra: string]: unknown;
}

/** Which question a message shows, so that a reaction to the message answers it. */
export function createQuestionReactionTargetStore<Identity, Metadata = undefined>(params: {
  channel: string;
  channelDisplayName: string;
  /** `null` for a message without an identity. */
  buildKey(identity: Identity): string | null;
  /** Whether what is known of the reacting client fits what was known at delivery. */
  identityMatches?(stored: Metadata | undefined, incoming: Metadata | undefined): boolean;
  registerChannelDelivery(delivery: {
    questionId: string;
    deliveryId: string;
    finalize(statusLine: string): unknown;
  }): unknown;
  resolveReaction(reaction: Reaction): Promise<{ status: string }>;
}) {
  const known = new Map<string, { binding: QuestionBinding; metadata: Metadata | undefined }>();
  return {
    /** False when the message cannot be told apart. */
    register(binding: QuestionBinding, identity: Identity, metadata?: Metadata): boolean {
      const key = params.buildKey(identity);
      if (key === null) return false;
      known.delete(key);
      known.set(key, { binding, metadata });
      const oldest = known.keys().next().value;
      if (known.size > MAX_QUESTION_MESSAGES && oldest !== undefined) known.delete(oldest);
      const { questionId } = binding;
      params.registerChannelDelivery({
        questionId,
        deliveryId: `${params.channel}:${key}`,
        finalize: () => known.delete(key),
      });
      return true;
    },
    /** True when the reaction was to a question, answered by it or not. */
    async resolve(reaction: {
      identities: readonly Identity[];
      optionIndex: number;
      cfg: object;
      senderId?: string;
      gatewayUrl?: string;
      metadata?: Metadata;
      logDebug?(message: string): void;
    }): Promise<boolean> {
      const { identities, optionIndex, cfg, senderId, metadata, logDebug } = reaction;
      for (const identity of identities) {
        const key = params.buildKey(identity);
        const target = key === null ? undefined : known.get(key);
        if (key === null || !target) continue;
        if (params.identityMatches && !params.identityMatches(target.metadata, metadata)) continue;
        const { questionId } = target.binding;
        const say = (what: string) =>
          logDebug?.(`${params.channelDisplayName}: question ${questionId} ${what}`);
        try {
          const { status } = await params.resolveReaction({
            questionId,
            optionIndex,
            cfg,
            channel: params.channel,
            ...(senderId === undefined ? {} : { senderId }),
          });
          if (status !== "denied") known.delete(key);
          say(status);
        } catch (error) {
          say(`was not answered: ${errorMessage(error)}`);
        }
        return true;
      }
      return false;
    },
  };
}
