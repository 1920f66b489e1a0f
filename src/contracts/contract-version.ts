/**
 * The release of the ecosystem's host whose plugin contract this one keeps. Plugins read it as
 * `api.runtime.version` and compare it with the oldest host they support (they know no other numbering);
 * Sluice's own version is not comparable with those.
 */
export const PLUGIN_CONTRACT_VERSION = "2026.9.6";
