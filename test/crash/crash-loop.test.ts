import { expect, test } from "vitest";
// @ts-expect-error a plain script without declarations
import { crashLoop } from "../../scripts/crash-loop.mjs";
import { missingNgircd } from "../../scripts/support/irc-server.mjs";

const missing = missingNgircd();
if (missing) console.warn(`SKIPPED the crash loop: ${missing}`);

test.skipIf(missing !== undefined)(
  "a gateway killed ten times at random instants answers every accepted message exactly once",
  async () => {
    const result = await crashLoop({ kills: 10, seed: 20_261_103 });
    expect(result.problems).toEqual([]);
    expect(result.figures.linesAccepted).toBeGreaterThan(0);
    expect(result.figures.chatsAcknowledged).toBeGreaterThan(0);
  },
  90_000,
);
