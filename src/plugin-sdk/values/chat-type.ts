import type { ChatType } from "../../contracts/channel.ts";

/** `dm` and `private` are `direct`; unknown kinds are `undefined`. */
export function normalizeChatType(raw?: string | null): ChatType | undefined {
  switch (raw?.trim().toLowerCase()) {
    case "direct":
    case "dm":
    case "private":
      return "direct";
    case "group":
      return "group";
    case "channel":
      return "channel";
    case "thread":
      return "thread";
    default:
      return undefined;
  }
}
