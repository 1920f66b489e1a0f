import { approvalProcedures } from "./approvals.ts";
import { channelPairingProcedures } from "./channel-pairing.ts";
import { configRevisionProcedures } from "./config-revisions.ts";
import { conversationBindingProcedures } from "./conversation-bindings.ts";
import { deviceProcedures } from "./devices.ts";
import { eventLogProcedures } from "./event-log.ts";
import { flowProcedures } from "./flows.ts";
import { idempotencyProcedures } from "./idempotency.ts";
import { inboxProcedures } from "./inbox.ts";
import { ingressProcedures } from "./ingress.ts";
import { injectionProcedures } from "./injections.ts";
import { keyedStateProcedures } from "./keyed-state.ts";
import { mediaUseProcedures } from "./media-use.ts";
import { outboxProcedures } from "./outbox.ts";
import { sessionExtensionProcedures } from "./session-extensions.ts";
import { sessionProcedures } from "./sessions.ts";
import { taskProcedures } from "./tasks.ts";
import { transcriptProcedures } from "./transcripts.ts";
import { turnListingProcedures } from "./turn-listing.ts";
import { turnProcedures } from "./turns.ts";

/** Every procedure of the core database by aggregate; the worker serves this table. */
export const coreProcedures = {
  approvals: approvalProcedures,
  conversationBindings: conversationBindingProcedures,
  channelPairing: channelPairingProcedures,
  inbox: inboxProcedures,
  ingress: ingressProcedures,
  injections: injectionProcedures,
  outbox: outboxProcedures,
  mediaUse: mediaUseProcedures,
  sessions: sessionProcedures,
  sessionExtensions: sessionExtensionProcedures,
  transcripts: transcriptProcedures,
  turns: turnProcedures,
  turnListing: turnListingProcedures,
  configRevisions: configRevisionProcedures,
  devices: deviceProcedures,
  eventLog: eventLogProcedures,
  flows: flowProcedures,
  idempotency: idempotencyProcedures,
  keyedState: keyedStateProcedures,
  tasks: taskProcedures,
};

export type CoreProcedures = typeof coreProcedures;
