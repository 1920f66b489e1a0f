import type { ShapeParts } from "./shapes.ts";

/** The offline model calls the tool that a message names. */
const countWords = ({ word }: ShapeParts) => [
  `sluice agent --message '/tool ${word}_count {"text":"one two three"}'`,
];

/** Commands that use a plugin in a running gateway once it is installed, by its shape. */
export const TRIALS: ReadonlyMap<string, (parts: ShapeParts) => readonly string[]> = new Map([
  ["tool", countWords],
  ["tools", countWords],
  [
    "hook",
    () => [
      `sluice gateway call chat.send --params '{"sessionKey":"main","message":"hello","idempotencyKey":"first"}'`,
      "sluice logs",
    ],
  ],
  ["command", ({ word }) => [`sluice agent --message '/${word} Ada'`]],
  ["method", ({ id }) => [`sluice gateway call ${id}.status`]],
  [
    "route",
    ({ id }) => [
      `curl -H "authorization: Bearer $(cat ~/.sluice/gateway-token)" http://127.0.0.1:18789/${id}`,
    ],
  ],
  ["service", () => ["sluice logs --follow     # one line a minute"]],
  ["cli", ({ id }) => [`sluice ${id}`]],
  [
    "channel",
    ({ id }) => [
      `sluice config set channels.${id}.server chat.example.org`,
      "sluice channels status",
      `sluice gateway call send --params '{"channel":"${id}","to":"ada","message":"hello","idempotencyKey":"first"}'`,
    ],
  ],
  [
    "provider",
    ({ id, word }) => [
      "# with the address of your service in the entry",
      `${word.toUpperCase()}_API_KEY=… sluice gateway run`,
      `sluice agent --model ${id}/small --message hello`,
    ],
  ],
  ["search", () => [`sluice agent --message '/tool web_search {"query":"example"}'`]],
]);
