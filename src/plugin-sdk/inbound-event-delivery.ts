interface ActiveEvent {
  outboundTo: string;
  outboundAccountId?: string;
  markInboundEventDelivered(): void;
}

/** Tells an inbound event that something was sent to where it came from while it was handled. */
export function createInboundEventDeliveryCorrelation(params: {
  targetsMatch(expected: string, actual: string): boolean;
}) {
  const active = new Map<string, Set<ActiveEvent>>();
  const keyOf = (sessionKey: string, kind: string | undefined) => `${kind ?? ""}\u0000${sessionKey}`;
  return {
    begin(
      sessionKey: string | undefined,
      event: ActiveEvent,
      options: { inboundEventKind?: string } = {},
    ): () => void {
      if (!sessionKey) return () => {};
      const key = keyOf(sessionKey, options.inboundEventKind);
      const events = active.get(key) ?? new Set();
      active.set(key, events.add(event));
      return () => {
        events.delete(event);
        if (events.size === 0 && active.get(key) === events) active.delete(key);
      };
    },
    notify(sent: {
      sessionKey: string | undefined;
      to: string;
      accountId?: string | null;
      inboundEventKind?: string;
    }): void {
      if (!sent.sessionKey) return;
      for (const event of active.get(keyOf(sent.sessionKey, sent.inboundEventKind)) ?? []) {
        const { outboundAccountId: expected } = event;
        const isOtherAccount =
          expected !== undefined && sent.accountId != null && expected !== sent.accountId;
        if (!isOtherAccount && params.targetsMatch(event.outboundTo, sent.to)) {
          event.markInboundEventDelivered();
        }
      }
    },
  };
}
