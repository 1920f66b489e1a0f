// A bare WebSocket server that sends one string to every client: `{"count":n}` asks for n events.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const PAYLOAD = { text: "x".repeat(Number(process.argv[2] ?? 250)) };
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (data) => {
    const { count } = JSON.parse(data).params;
    for (let seq = 0; seq < count; seq++) {
      const text = JSON.stringify({ type: "event", event: "plugin.bench.ping", payload: PAYLOAD, seq });
      for (const client of sockets.clients) client.send(text);
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
