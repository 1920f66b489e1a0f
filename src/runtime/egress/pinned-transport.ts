import { encodedForm } from "./form-body.ts";
import type { PinnedHostname } from "./pinned-hostname.ts";
import { Agent, fetch as undiciFetch } from "./undici-library.ts";

/** One request over connections of its own that may only reach the addresses that were checked. */
export async function sendPinned(
  url: URL,
  init: RequestInit,
  pinned: PinnedHostname,
): Promise<{ response: Response; close(): Promise<void> }> {
  const dispatcher = new Agent({ connect: { lookup: pinned.lookup as never } });
  const close = () => dispatcher.destroy();
  try {
    const request = { ...(await encodedForm(init)), redirect: "manual", dispatcher };
    const response = await undiciFetch(url.href, request as unknown as Parameters<typeof undiciFetch>[1]);
    return { response: response as unknown as Response, close };
  } catch (error) {
    await close();
    throw error;
  }
}
