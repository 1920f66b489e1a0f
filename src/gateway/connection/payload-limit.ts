import type { WebSocket } from "ws";

/**
 * The library takes one limit for the life of a socket, but strangers get a smaller one than
 * authenticated clients. The field it reads for every frame is changed here; a test holds both edges.
 */
export function raisePayloadLimit(webSocket: WebSocket, bytes: number): void {
  const receiver = (webSocket as unknown as { _receiver?: { _maxPayload: number } })._receiver;
  if (receiver) receiver._maxPayload = bytes;
}
