import type { Migration } from "../engine/types.ts";

/** Ended turns by age, so that the oldest can be let go. */
export const endedTurns: Migration = {
  version: 8,
  name: "ended-turns",
  sql: "CREATE INDEX turns_ended ON turns (ended_at) WHERE ended_at IS NOT NULL;",
};
