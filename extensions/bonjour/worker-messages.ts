/** What the gateway's thread tells the mDNS worker. */
export type ToWorker = { kind: "stop" };

/** What the mDNS worker reports. */
export type FromWorker = { kind: "announced"; name: string } | { kind: "problem"; message: string };
