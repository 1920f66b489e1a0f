import type { Contract, Fixture } from "./support.ts";

/**
 * A channel in one page: `memo.hear` is what its platform would deliver, `memo.sent` what it was told to send,
 * and `memo.next` waits for a message that contains a text.
 */
export const MEMO: Fixture = {
  id: "memo",
  manifest: { channels: ["memo"] },
  register: `const sent = [], waiting = [];
    api.registerChannel({ plugin: { id: "memo", meta: { label: "Memo" }, capabilities: { chatTypes: ["direct", "group"] },
      config: { listAccountIds: () => ["default"], resolveAccount: () => ({ enabled: true }) },
      outbound: { deliveryMode: "direct", async sendText({ to, text }) {
        sent.push({ to, text });
        for (const one of waiting.splice(0)) one();
        return { messageId: "sent-" + sent.length };
      } } } });
    api.registerGatewayMethod("memo.hear", ({ params }) => api.runtime.channel.inbound.receive(params), { scope: "operator.write" });
    api.registerGatewayMethod("memo.sent", () => ({ sent }), { scope: "operator.read" });
    api.registerGatewayMethod("memo.next", async ({ params }) => {
      for (;;) {
        const found = sent.find(({ text }) => text.includes(params.text));
        if (found) return found;
        await new Promise((resolve) => waiting.push(resolve));
      }
    }, { scope: "operator.read" });
    api.registerGatewayMethod("memo.dispatch", async ({ params }) => {
      const delivered = [];
      const result = await api.runtime.channel.reply.dispatchReplyWithBufferedBlockDispatcher({ ctx: params, cfg: api.config,
        dispatcherOptions: { deliver: async ({ text }) => { delivered.push(text); } } });
      return { result, delivered };
    }, { scope: "operator.write" });`,
};

/** Alice may give commands; everybody may talk in groups. */
export const MEMO_CONFIG = {
  channels: {
    memo: {
      dmPolicy: "allowlist",
      allowFrom: ["alice"],
      groupPolicy: "open",
      groups: { "*": { requireMention: false } },
    },
  },
};

let heard = 0;

/** A platform of the memo channel around a gateway. */
export function memo({ call }: Pick<Contract, "call">) {
  return {
    hear: (
      sender: string,
      text: string,
      group?: string,
      more: Record<string, unknown> = {},
      // biome-ignore lint/suspicious/noExplicitAny: results are asserted on, field by field
    ): Promise<any> =>
      call("memo.hear", {
        channel: "memo",
        accountId: "default",
        messageId: `heard-${++heard}`,
        conversation: { kind: group ? "group" : "direct", id: group ?? sender },
        sender: { id: sender },
        text,
        reply: { to: group ?? sender },
        ...more,
      }),
    next: (text: string): Promise<{ to: string; text: string }> => call("memo.next", { text }),
    sent: async (): Promise<{ to: string; text: string }[]> => (await call("memo.sent")).sent,
  };
}
