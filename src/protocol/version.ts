/** The protocol this gateway speaks; `hello-ok.protocol` is always this one (spec 1.4). */
export const PROTOCOL_VERSION = 4;
/** Lowest version a node may still offer; such a node is *legacy*. */
export const MINIMUM_NODE_PROTOCOL = 3;
/** Lowest version a probe may still offer. */
export const MINIMUM_PROBE_PROTOCOL = 3;

export interface ProtocolOffer {
  minProtocol: number;
  maxProtocol: number;
  role: string;
  mode: string;
}

/**
 * Decides whether a client's version range is served (spec 1.4).
 *
 * @returns `current`, `legacy` (a node on version 3 only), or `undefined` when nothing fits
 */
export function negotiateProtocol(offer: ProtocolOffer): "current" | "legacy" | undefined {
  const { minProtocol: lowest, maxProtocol: highest } = offer;
  if (offer.role === "node" && offer.mode === "node") {
    if (highest >= PROTOCOL_VERSION && lowest <= PROTOCOL_VERSION) return "current";
    return highest >= MINIMUM_NODE_PROTOCOL && lowest <= MINIMUM_NODE_PROTOCOL ? "legacy" : undefined;
  }
  const floor = offer.mode === "probe" ? MINIMUM_PROBE_PROTOCOL : PROTOCOL_VERSION;
  return highest >= floor && lowest <= PROTOCOL_VERSION ? "current" : undefined;
}
