import type { Migration } from "../engine/types.ts";

/** Ended turns by age, so that the oldest can be let go. */
export const endedTurns: Migration = {
  version: 8,
  name: "ended-turns",
  checksum: "759245879b8cc8b9a279afc286c831de38a53a34bfe668a119adacbe66ff1d81",
  sql: "CREATE INDEX turns_ended ON turns (ended_at) WHERE ended_at IS NOT NULL;",
};
