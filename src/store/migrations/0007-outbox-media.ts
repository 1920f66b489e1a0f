import type { Migration } from "../engine/types.ts";

/** Files that go out with a message: a JSON object of addresses and how they are meant. */
export const outboxMedia: Migration = {
  version: 7,
  name: "outbox-media",
  checksum: "6940d10baf128483b64e3b74ef15ba7447ebbdc7669fdcb6b50df1efe07ca570",
  sql: "ALTER TABLE outbox ADD COLUMN media TEXT;",
};
