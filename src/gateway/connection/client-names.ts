import { shownLine } from "../../kernel/shown-text.ts";

/** Longest text of a client about itself that others are shown, in characters. */
export const MAX_CLIENT_TEXT = 200;

/** What a client says of itself, fit for lists that go to everybody: one line of bounded length each. */
export function shownClient<T extends object>(client: T): T {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(client)) {
    shown[name] =
      typeof value === "string" ? [...shownLine(value)].slice(0, MAX_CLIENT_TEXT).join("") : value;
  }
  return shown as T;
}
