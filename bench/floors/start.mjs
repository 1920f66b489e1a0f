// The least a gateway needs at start, unbundled: an HTTP server, a WebSocket server, an open database.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import { WebSocketServer } from "ws";

const [file, port] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT)");

const server = createServer((_request, response) => response.end("ok"));
new WebSocketServer({ server, perMessageDeflate: false });
server.listen(Number(port), "127.0.0.1", () => console.log(`port ${port}`));
