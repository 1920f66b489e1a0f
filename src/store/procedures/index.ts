import { channelPairingProcedures } from "./channel-pairing.ts";
import { inboxProcedures } from "./inbox.ts";
import { ingressProcedures } from "./ingress.ts";
import { outboxProcedures } from "./outbox.ts";
import { sessionProcedures } from "./sessions.ts";
import { transcriptProcedures } from "./transcripts.ts";
import { turnProcedures } from "./turns.ts";

/** Every procedure of the core database by aggregate; the worker serves this table. */
export const coreProcedures = {
  channelPairing: channelPairingProcedures,
  inbox: inboxProcedures,
  ingress: ingressProcedures,
  outbox: outboxProcedures,
  sessions: sessionProcedures,
  transcripts: transcriptProcedures,
  turns: turnProcedures,
};

export type CoreProcedures = typeof coreProcedures;
