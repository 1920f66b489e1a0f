// The floor of ingest: everything in one node:http handler. Parse, check, hash, one FULL transaction over a
// table of unique keys, one append and one fdatasync, answer. `GET /readyz` answers 200.
//   FLOOR_FOLDER    where the database and the vault lie
//   FLOOR_KEYS      random keys the table holds before the first request
import { createHash, randomFillSync } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import Database from "better-sqlite3";

const folder = process.env.FLOOR_FOLDER;
const known = Number(process.env.FLOOR_KEYS ?? 0);
mkdirSync(folder, { recursive: true });
const fresh = !existsSync(join(folder, "floor.sqlite"));
const database = new Database(join(folder, "floor.sqlite"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = OFF");
database.exec("CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY) WITHOUT ROWID");
const insert = database.prepare("INSERT OR IGNORE INTO seen (key) VALUES (?)");
if (fresh && known > 0) {
  // In key order, as a table of that age would look after a rebuild.
  const key = Buffer.alloc(32);
  database.transaction(() => {
    for (let index = 0; index < known; index++) {
      randomFillSync(key);
      key.writeUInt32BE(Math.floor((index / known) * 2 ** 32));
      insert.run(key);
    }
  })();
}
database.pragma("wal_checkpoint(TRUNCATE)");
database.pragma("synchronous = FULL");
const vault = openSync(join(folder, "day.md"), "a");

const store = database.transaction((batch) => {
  let lines = "";
  let stored = 0;
  for (const event of batch.events) {
    const key = createHash("sha256")
      .update(`${batch.source_type}\0${batch.plugin_id}\0${event.raw_ref}`)
      .digest();
    if (insert.run(key).changes === 0) continue;
    stored += 1;
    lines += `\n## ${new Date(event.timestamp * 1_000).toISOString()} ${batch.source_type}\n\n- duration: ${event.data.duration}\n\n> ${event.data.text}\n`;
  }
  return { lines, stored };
});

const server = createServer((request, response) => {
  if (request.method === "GET") return response.end("ok");
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const batch = JSON.parse(Buffer.concat(chunks));
    if (!Array.isArray(batch.events) || batch.events.length > 500) return response.writeHead(422).end();
    const { lines, stored } = store(batch);
    writeSync(vault, lines);
    fdatasyncSync(vault);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ stored, skipped: batch.events.length - stored, file: "day.md" }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
process.on("SIGTERM", () => {
  closeSync(vault);
  process.exit(0);
});
