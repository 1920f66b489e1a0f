import type {
  ChannelGatewayContext,
  ChannelOutboundContext,
  ChannelPlugin,
  OutboundDeliveryResult,
} from "sluice/plugin-sdk/channel-contract";
import {
  DEFAULT_LINE_BYTES,
  type IrcAccount,
  listAccountIds,
  resolveAccount,
  unconfiguredReason,
} from "./account.ts";
import { IrcConnection, sleep } from "./connection.ts";
import { toInboundMessage } from "./inbound.ts";
import { Intake } from "./intake.ts";
import { splitLines, toPlainText } from "./lines.ts";

/** Waits between attempts to connect: doubling, and never longer than a minute. */
const RECONNECT_MIN_MS = 1_000;
const RECONNECT_MAX_MS = 60_000;
const MAX_TARGET_BYTES = 200;

/** Builds the IRC channel. Its connections live in the object, one per running account. */
export function createIrcChannel(): ChannelPlugin<IrcAccount> {
  const connections = new Map<string, IrcConnection>();
  return {
    id: "irc",
    meta: {
      id: "irc",
      label: "IRC",
      selectionLabel: "IRC (Internet Relay Chat)",
      docsPath: "/channels/irc",
      blurb: "Any IRC network: channels and direct messages.",
      markdownCapable: false,
    },
    capabilities: { chatTypes: ["direct", "group"] },
    reload: { configPrefixes: ["channels.irc"], accountScopedRestart: true },
    config: {
      listAccountIds,
      resolveAccount,
      isEnabled: (account) => account.enabled,
      isConfigured: (account) => unconfiguredReason(account) === undefined,
      unconfiguredReason: (account) => unconfiguredReason(account) ?? "",
      describeAccount: (account) => ({
        accountId: account.accountId,
        name: account.nick,
        baseUrl: `${account.tls ? "ircs" : "irc"}://${account.host}:${account.port}`,
        dmPolicy: account.dmPolicy,
        allowFrom: account.allowFrom,
      }),
      resolveAllowFrom: ({ cfg, accountId }) => resolveAccount(cfg, accountId).allowFrom,
    },
    security: {
      resolveDmPolicy: ({ account }) => ({
        policy: account.dmPolicy,
        allowFrom: account.allowFrom,
        policyPath: "channels.irc.dmPolicy",
        allowFromPath: "channels.irc.allowFrom",
        approveHint: "sluice pairing approve irc <CODE>",
      }),
    },
    pairing: {
      idLabel: "IRC mask",
      normalizeAllowEntry: (entry) => entry.replace(/^irc:/i, "").toLowerCase(),
      async notifyApproval({ id, accountId }) {
        const nick = id.split("!")[0];
        const connection = connections.get(accountId ?? "default");
        if (!nick || nick.startsWith("account:") || !connection?.ready) return;
        await connection.send(nick, "You are approved. Say something.", undefined, undefined);
      },
    },
    messaging: {
      targetPrefixes: ["irc"],
      normalizeTarget: (raw) => (isTarget(raw.trim()) ? raw.trim() : undefined),
      targetResolver: {
        looksLikeId: (raw) => isTarget(raw),
        hint: "Use a nick or a channel such as #room.",
      },
      inferTargetChatType: ({ to }) => (/^[#&+!]/.test(to) ? "group" : "direct"),
    },
    outbound: {
      deliveryMode: "direct",
      textChunkLimit: DEFAULT_LINE_BYTES,
      chunker: splitLines,
      sanitizeText: ({ text }) => toPlainText(text),
      ambiguous: "settle",
      reportsDispatch: true,
      sendText: (context) => sendText(connections, context),
    },
    gateway: {
      startAccount: (context) => runAccount(connections, context),
    },
  };
}

/** Keeps one account connected until it is stopped; rejects only where trying again is no use. */
async function runAccount(
  connections: Map<string, IrcConnection>,
  context: ChannelGatewayContext<IrcAccount>,
): Promise<void> {
  const { account, abortSignal, log, setStatus, channelRuntime } = context;
  if (!channelRuntime) throw new Error("this IRC plugin needs a host with a channel runtime");
  const intake = new Intake({
    receive: (message) => channelRuntime.inbound.receive(message),
    sleep,
    signal: abortSignal,
    log,
  });
  let failures = 0;
  while (!abortSignal.aborted) {
    const connection = new IrcConnection(account, {
      log,
      onReady: (nick) => {
        failures = 0;
        connections.set(account.accountId, connection);
        setStatus({ connected: true, lifecycle: "ready", lastConnectedAt: Date.now(), reconnectAttempts: 0 });
        log?.info(`connected to ${account.host}:${account.port} as ${nick}`);
      },
      onLine: (line) => {
        intake.take(toInboundMessage(line, account, connection.nick));
      },
    });
    setStatus({ connected: false });
    const end = await connection.run(abortSignal);
    if (connections.get(account.accountId) === connection) connections.delete(account.accountId);
    if (abortSignal.aborted) return;
    failures += 1;
    setStatus({
      connected: false,
      lifecycle: "recovering",
      reconnectAttempts: failures,
      lastDisconnect: { at: Date.now(), error: end.reason },
    });
    if (end.fatal) throw new Error(end.reason);
    const delay =
      Math.min(RECONNECT_MIN_MS * 2 ** (failures - 1), RECONNECT_MAX_MS) * (1 + Math.random() * 0.2);
    log?.warn(`${end.reason}; connecting again in ${Math.round(delay)} ms`);
    await sleep(delay, abortSignal).catch(() => {});
  }
}

async function sendText(
  connections: Map<string, IrcConnection>,
  context: ChannelOutboundContext,
): Promise<OutboundDeliveryResult> {
  const connection = connections.get(context.accountId ?? "default");
  if (!connection?.ready) {
    throw Object.assign(new Error("the IRC connection is down"), {
      code: "OPENCLAW_PLATFORM_MESSAGE_NOT_DISPATCHED",
      retryable: true,
    });
  }
  if (!isTarget(context.to)) throw new Error(`invalid recipient "${context.to}": use a nick or a channel`);
  const { lines } = await connection.send(
    context.to,
    context.text,
    context.onPlatformSendDispatch && (() => context.onPlatformSendDispatch?.() ?? Promise.resolve()),
    context.signal,
  );
  if (lines === 0) return { messageId: "", outcome: "not_sent" };
  // IRC gives no id back; the row and the part name the message well enough for receipts.
  return { messageId: `${context.deliveryQueueId ?? "line"}#${context.deliveryPartIndex ?? 0}` };
}

/** One nick or channel: nothing that could end the parameter or name several targets. */
function isTarget(text: string): boolean {
  if (text === "" || Buffer.byteLength(text) > MAX_TARGET_BYTES) return false;
  return !/[\s,\p{Cc}]/u.test(text) && !/^[:@*?!]/.test(text);
}
