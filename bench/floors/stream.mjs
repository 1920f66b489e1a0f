// Reads a model's event stream with fetch, parses it, and sends one WebSocket message per delta.
// A message `{"params":{"url"}}` starts one stream; the last message has `state: "final"`.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", async (data) => {
    const { url } = JSON.parse(data).params;
    const response = await fetch(`${url}/chat/completions`, { method: "POST", body: "{}" });
    const decoder = new TextDecoder();
    let left = "";
    let seq = 0;
    for await (const chunk of response.body) {
      left += decoder.decode(chunk, { stream: true });
      const events = left.split("\n\n");
      left = events.pop();
      for (const event of events) {
        const text = event.slice("data: ".length);
        if (text === "[DONE]") continue;
        const deltaText = JSON.parse(text).choices[0]?.delta?.content ?? "";
        socket.send(
          JSON.stringify({
            type: "event",
            event: "chat",
            seq: ++seq,
            payload: { state: "delta", deltaText },
          }),
        );
      }
    }
    socket.send(JSON.stringify({ type: "event", event: "chat", seq: ++seq, payload: { state: "final" } }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
