import { isIP } from "node:net";
import { hostName, isLocalHostName } from "./address.ts";

/**
 * Decides whether a page of this origin may talk to the gateway (spec 2.6). Requests without an `Origin`
 * do not come from a page and pass.
 *
 * A page of the gateway's own address passes when that address is a literal or a local name: another name
 * could have been pointed here by whoever owns it. Every other page needs an entry in
 * `gateway.controlUi.allowedOrigins`.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowedOrigins: readonly string[],
): boolean {
  if (origin === undefined) return true;
  const normalised = normaliseOrigin(origin);
  if (normalised === undefined) return false;
  if (allowedOrigins.some((allowed) => normaliseOrigin(allowed) === normalised)) return true;
  const name = hostName(host);
  if (!isLocalHostName(name) && isIP(name) === 0) return false;
  return sameAuthority(normalised, host ?? "");
}

/** `scheme://host[:port]` in canonical form; `undefined` for `null` and anything that is no web origin. */
export function normaliseOrigin(origin: string): string | undefined {
  let url: URL;
  try {
    url = new URL(origin);
  } catch {
    return undefined;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  if (
    url.username !== "" ||
    url.password !== "" ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    return undefined;
  }
  return url.origin;
}

function sameAuthority(origin: string, host: string): boolean {
  const url = new URL(origin);
  try {
    return new URL(`${url.protocol}//${host}`).host === url.host;
  } catch {
    return false;
  }
}
