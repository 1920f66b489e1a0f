import { lstat, open } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { SessionAttachment, SessionAttachmentResult } from "../../contracts/capabilities.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { detectMime } from "../../runtime/media/index.ts";
import type { Store } from "../../store/index.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import type { DeliveryTarget, OutboxMedia } from "../../store/records.ts";
import type { ChannelDirectory } from "../directory.ts";
import { confineMediaSource } from "../message-tool/media-sources.ts";
import type { MessageOutlet } from "./outlet.ts";

/** Most files of one attachment. */
export const MAX_ATTACHED_FILES = 10;
/** Most bytes of one attachment, and of all its files together. */
export const MAX_ATTACHED_BYTES = 26_214_400;
/** How long a delivery is waited for; afterwards the queue goes on by itself. */
export const ATTACHMENT_WAIT_MS = 60_000;
/** Enough of a file to tell what it is. */
const SNIFFED_BYTES = 4_100;

export interface SessionAttachmentParts {
  store: Store;
  channels: ChannelDirectory;
  outlet: MessageOutlet;
  /** Folders whose files may leave with messages of a session; relative paths start at the first. */
  mediaRoots(sessionKey: string): readonly string[];
  awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined>;
}

/** Sends files to where a session's conversation is (spec 3.19); queued durably like every message. */
export class SessionAttachments {
  readonly #parts: SessionAttachmentParts;

  constructor(parts: SessionAttachmentParts) {
    this.#parts = parts;
  }

  /** Never throws: what is wrong is in the answer. */
  async send(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult> {
    try {
      return await this.#send(pluginId, attachment);
    } catch (error) {
      return { ok: false, error: errorMessage(error) };
    }
  }

  async #send(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult> {
    const { outlet, mediaRoots, awaitDelivery } = this.#parts;
    const sessionKey = typeof attachment?.sessionKey === "string" ? attachment.sessionKey.trim() : "";
    if (sessionKey === "") throw refused("sessionKey is missing");
    const target = await this.#routeOf(sessionKey, attachment);
    const urls = await attachedFiles(attachment, mediaRoots(sessionKey));
    const { outboxId } = await outlet.enqueue({
      ...target,
      idempotencyKey: `attachment:${pluginId}:${newUuid()}`,
      sessionKey,
      text: captionOf(attachment),
      media: { urls, ...hintsOf(attachment) },
    });
    const row = await awaitDelivery(outboxId, ATTACHMENT_WAIT_MS);
    if (row?.status === "dead" || row?.status === "cancelled") {
      throw refused(`it was not delivered: ${row.lastError ?? row.reason ?? row.status}`);
    }
    // What is still queued will be sent; a plugin that was told otherwise would send it twice.
    return { ok: true, channel: target.channel, deliveredTo: target.to, count: urls.length };
  }

  async #routeOf(sessionKey: string, { threadId, channelHints }: SessionAttachment): Promise<DeliveryTarget> {
    const session = await this.#parts.store.call.sessions.get({ sessionKey });
    if (!session) throw refused(`there is no session "${sessionKey}"`);
    const { entry } = session;
    const [channel, to, accountId] = [entry["lastChannel"], entry["lastTo"], entry["lastAccountId"]];
    if (typeof channel !== "string" || typeof to !== "string") {
      throw refused("the session has no conversation on a channel to deliver to");
    }
    if (entry["sendPolicy"] === "deny") throw refused("the session's send policy is deny");
    const outbound = this.#parts.channels.get(channel)?.outbound;
    if (!outbound?.sendMedia) throw refused(`the channel "${channel}" takes no files`);
    if (outbound.deliveryMode === "gateway")
      throw refused(`the channel "${channel}" does not deliver directly`);
    const thread = [channelHints?.threadId, threadId, entry["lastThreadId"]].find(
      (id) => typeof id === "string" || typeof id === "number",
    );
    return {
      channel,
      to,
      accountId: typeof accountId === "string" ? accountId : "default",
      ...(thread === undefined ? {} : { threadId: String(thread) }),
    };
  }
}

/** Absolute paths of the files, when each is a plain file inside the roots and all fit the limits. */
async function attachedFiles(
  { files, maxBytes, channelHints }: SessionAttachment,
  roots: readonly string[],
): Promise<string[]> {
  if (!Array.isArray(files) || files.length === 0 || files.length > MAX_ATTACHED_FILES) {
    throw refused(`files: expected 1 to ${MAX_ATTACHED_FILES} items of the form { path }`);
  }
  const asked = typeof maxBytes === "number" && maxBytes > 0 ? maxBytes : MAX_ATTACHED_BYTES;
  const limit = Math.min(asked, MAX_ATTACHED_BYTES);
  const paths: string[] = [];
  let total = 0;
  for (const file of files) {
    const path = typeof file?.path === "string" ? file.path.trim() : "";
    if (path === "") throw refused("files: an item has no path");
    const facts = await lstat(isAbsolute(path) ? path : join(roots[0] ?? "/", path)).catch(() => undefined);
    if (!facts?.isFile()) throw refused(`${path} is not a regular file`);
    total += facts.size;
    if (total > limit) throw refused(`${path} makes it more than ${limit} bytes`);
    const confined = await confineMediaSource(path, roots);
    const forced = channelHints?.forceDocumentMime;
    if (forced !== undefined && (await mimeOf(confined)) !== forced)
      throw refused(`${path} is not ${forced}`);
    paths.push(confined);
  }
  return paths;
}

async function mimeOf(path: string): Promise<string | undefined> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    return await detectMime(buffer.subarray(0, bytesRead), { fileName: path });
  } finally {
    await handle.close();
  }
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Plain words stay plain where the channel is told to read HTML. */
function captionOf({ text = "", captionFormat, channelHints }: SessionAttachment): string {
  const plain = captionFormat === undefined || captionFormat === "plain";
  if (!plain || channelHints?.parseMode !== "HTML") return text;
  return text.replace(/[&<>]/g, (character) => ESCAPED[character] ?? character);
}

function hintsOf({
  forceDocument,
  captionFormat,
  channelHints,
}: SessionAttachment): Omit<OutboxMedia, "urls"> {
  const isHtml = channelHints?.parseMode === "HTML" || captionFormat === "html";
  const asDocument = forceDocument === true || channelHints?.forceDocumentMime !== undefined;
  return {
    ...(asDocument ? { forceDocument: true } : {}),
    ...(channelHints?.silent === true ? { silent: true } : {}),
    ...(isHtml ? { parseMode: "HTML" } : {}),
  };
}

function refused(message: string): SluiceError {
  return new SluiceError("INVALID_REQUEST", message);
}
