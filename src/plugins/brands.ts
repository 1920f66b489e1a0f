/**
 * Names the contract has had, the one in use first. Packages published under any of them are still about, with a
 * manifest, a key in `package.json` and imports of that name (spec 0.2).
 */
export const CONTRACT_BRANDS = ["openclaw", "OmeniaClaw", "clawdbot", "moltbot"] as const;

/** Names before the first `/` of an import of the SDK. */
export const SDK_BRANDS = [...CONTRACT_BRANDS, "sluice"] as const;
