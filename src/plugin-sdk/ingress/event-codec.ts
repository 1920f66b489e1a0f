import type { IngressRecord } from "../../contracts/channel-runtime.ts";
import type { IngressFacts, IngressMonitorOptions, InspectionContext } from "./monitor-options.ts";

/** Between raw events and rows: what an event is about, and how it is written and read. */
export class EventCodec<Raw, Body, Stored> {
  readonly #options: IngressMonitorOptions<Raw, Body, Stored>;

  constructor(options: IngressMonitorOptions<Raw, Body, Stored>) {
    this.#options = options;
  }

  async inspect(raw: Raw, context: InspectionContext): Promise<IngressFacts | null> {
    return this.#options.inspectAsync
      ? await this.#options.inspectAsync(raw, context)
      : this.#options.inspect(raw, context);
  }

  encode(raw: Raw, context: { facts: IngressFacts; receivedAt: number }): Stored {
    const { payload } = this.#options;
    const envelope = { version: payload.version, body: payload.serialize(raw, context) };
    return payload.encode ? payload.encode(envelope) : (envelope as unknown as Stored);
  }

  /** The raw event of a row, which must still be the event that was accepted. */
  async decode(claim: IngressRecord<Stored>): Promise<Raw> {
    const { payload } = this.#options;
    const envelope = payload.decode
      ? payload.decode(claim.payload, { claim })
      : (claim.payload as unknown as { version: unknown; body: Body });
    if (envelope.version !== payload.version) throw payload.createClaimError("invalid-version", claim);
    const raw = payload.deserialize(envelope.body, { claim });
    const facts = await this.inspect(raw, {
      phase: "claim",
      claimedId: claim.id,
      claimedLaneKey: claim.laneKey,
    });
    const same =
      facts?.eventId === claim.id && (claim.laneKey === undefined || facts.laneKey === claim.laneKey);
    if (!same) throw payload.createClaimError("identity-mismatch", claim);
    return raw;
  }
}
