import type { Migration } from "../engine/types.ts";

/** Files that go out with a message: a JSON object of addresses and how they are meant. */
export const outboxMedia: Migration = {
  version: 7,
  name: "outbox-media",
  sql: "ALTER TABLE outbox ADD COLUMN media TEXT;",
};
