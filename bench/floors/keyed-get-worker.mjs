import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";

const database = new Database(workerData.file);
database.pragma("journal_mode = WAL");
database.exec("CREATE TABLE entries (entry_key TEXT PRIMARY KEY, value_json TEXT NOT NULL)");
const put = database.prepare("INSERT INTO entries VALUES (?, ?)");
for (let index = 0; index < workerData.entries; index++)
  put.run(`key-${index}`, JSON.stringify({ text: "x".repeat(250), index }));
const get = database.prepare("SELECT value_json FROM entries WHERE entry_key = ?");
parentPort.on("message", ({ id, key }) => parentPort.postMessage({ id, value: get.get(key).value_json }));
parentPort.postMessage("ready");
