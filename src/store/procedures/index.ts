import { channelPairingProcedures } from "./channel-pairing.ts";
import { inboxProcedures } from "./inbox.ts";
import { ingressProcedures } from "./ingress.ts";
import { outboxProcedures } from "./outbox.ts";

/** Every procedure of the core database by aggregate; the worker serves this table. */
export const coreProcedures = {
  channelPairing: channelPairingProcedures,
  inbox: inboxProcedures,
  ingress: ingressProcedures,
  outbox: outboxProcedures,
};

export type CoreProcedures = typeof coreProcedures;
