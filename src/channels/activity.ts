/** Accounts remembered; the one unused longest goes first. */
const MAX_ACCOUNTS = 1_000;

/** When each account last took or gave a message; in memory only. */
export class ChannelActivity {
  readonly #times = new Map<string, { inboundAt: number | null; outboundAt: number | null }>();

  record(params: {
    channel: string;
    accountId?: string | null;
    direction: "inbound" | "outbound";
    at: number;
  }): void {
    const key = `${params.channel}\0${params.accountId ?? "default"}`;
    const times = this.#times.get(key) ?? { inboundAt: null, outboundAt: null };
    if (params.direction === "inbound") times.inboundAt = params.at;
    else times.outboundAt = params.at;
    this.#times.delete(key);
    this.#times.set(key, times);
    if (this.#times.size > MAX_ACCOUNTS) {
      const oldest = this.#times.keys().next();
      if (!oldest.done) this.#times.delete(oldest.value);
    }
  }

  get(params: { channel: string; accountId?: string | null }): {
    inboundAt: number | null;
    outboundAt: number | null;
  } {
    return (
      this.#times.get(`${params.channel}\0${params.accountId ?? "default"}`) ?? {
        inboundAt: null,
        outboundAt: null,
      }
    );
  }
}
