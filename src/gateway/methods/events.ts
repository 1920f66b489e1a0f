import { Type } from "typebox";
import { SluiceError } from "../../kernel/errors.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import {
  EventsPositionResult,
  EventsResumeParams,
  EventsResumeResult,
} from "../../protocol/schemas/event-log.ts";
import { type MethodGroup, method } from "../rpc/method.ts";

const DEFAULT_PAGE = 500;

/** Reading the event log: this gateway's own extension of the protocol. */
const position = method({
  name: "events.position",
  scope: "operator.read",
  params: Type.Object({}),
  result: EventsPositionResult,
  summary: "Tells the newest position of the event log, from which a client can resume later.",
  idempotent: true,
  handler: ({ services }) => services.hub.position ?? { epoch: services.facts.bootId, offset: 0 },
});

const resume = method({
  name: "events.resume",
  scope: "operator.read",
  params: EventsResumeParams,
  result: EventsResumeResult,
  summary: "Returns the state-changing events after a position, or one reset when they are gone.",
  idempotent: true,
  handler: async ({ services, caller }, params) => {
    if (!caller.receiver) {
      throw new SluiceError<ErrorCode>("INVALID_REQUEST", "events.resume needs a WebSocket connection");
    }
    const read = await services.hub.readAfter(
      caller.receiver,
      { epoch: params.epoch, offset: params.offset },
      params.limit ?? DEFAULT_PAGE,
    );
    const place = { epoch: read.epoch, offset: read.head };
    if (read.status === "reset") return { reset: true, more: false, position: place, events: [] };
    return {
      reset: false,
      more: read.more,
      position: place,
      events: read.events.map((row) => ({
        event: row.event,
        payload: JSON.parse(row.payload) as unknown,
        offset: row.position,
        ts: row.createdAt,
      })),
    };
  },
});

export default [position, resume] satisfies MethodGroup;
