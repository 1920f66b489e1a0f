/** What an outbound request that somebody else asked for may reach besides the public network (spec 1.19). */
export interface EgressPolicy {
  allowPrivateNetwork?: boolean;
  dangerouslyAllowPrivateNetwork?: boolean;
  allowRfc2544BenchmarkRange?: boolean;
  /** Exact names that may lie in a private network. */
  allowedHostnames?: readonly string[];
  /** If given, nothing else is reached: names, or `*.example.org`. */
  hostnameAllowlist?: readonly string[];
}

/** Resolves a name; Node's own unless a caller brings another. */
export type LookupFunction = (
  hostname: string,
  options: { all: true; verbatim?: boolean },
) => Promise<{ address: string; family: number }[]>;
