import { type Static, Type } from "typebox";

const count = Type.Integer({ minimum: 0 });
const position = Type.Object({ epoch: Type.String({ minLength: 1 }), offset: count });

/** Parameters of `events.resume`, an extension of this gateway: the last position the client has seen. */
export const EventsResumeParams = Type.Object(
  {
    epoch: Type.String({ minLength: 1, maxLength: 128 }),
    offset: count,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  },
  { additionalProperties: false },
);

/**
 * What a client missed, in order; `reset` instead of events when the log no longer reaches back to its
 * position, and `more` when the page is full.
 */
export const EventsResumeResult = Type.Object({
  reset: Type.Boolean(),
  more: Type.Boolean(),
  position,
  events: Type.Array(
    Type.Object({ event: Type.String(), payload: Type.Unknown(), offset: count, ts: count }),
  ),
});

export const EventsPositionResult = position;

export type EventPosition = Static<typeof position>;
export type EventsResumeResult = Static<typeof EventsResumeResult>;
