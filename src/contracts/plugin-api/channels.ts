import type { ConversationBindingListener, InteractiveHandler } from "../capabilities.ts";

/** Chat platforms and what people do in their conversations (spec 3.3, 3.12). */
export interface ChannelsApi {
  /** A chat platform: accounts, messages in, messages out. One owner for each channel id. */
  registerChannel<Channel extends { id: string }>(registration: Channel | { plugin: Channel }): void;
  /** Answers buttons and menus of a channel whose data starts with the handler's namespace. */
  registerInteractiveHandler<Value extends InteractiveHandler>(handler: Value): void;
  /** Maps media URLs that the plugin hosts to local files. Accepted and shown; not used yet. */
  registerHostedMediaResolver(resolver: (url: string) => string | null | undefined): void;
  /** Is told when an operator approved or denied binding a conversation to this plugin. */
  onConversationBindingResolved(listener: ConversationBindingListener): void;
}
