// A bare WebSocket server that answers JSON requests: one JSON.parse, one JSON.stringify, one send each.
// Its answers carry the payload given as argument, as large as the gateway's.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const payload = JSON.parse(process.argv[2] ?? "{}");
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (data) => {
    const { id } = JSON.parse(data);
    socket.send(JSON.stringify({ type: "res", id, ok: true, payload }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
