/** A WebSocket message as text. */
export function rawDataToString(
  data: string | Buffer | ArrayBuffer | readonly Buffer[],
  encoding: BufferEncoding = "utf8",
): string {
  if (typeof data === "string") return data;
  if (Array.isArray(data)) return Buffer.concat(data).toString(encoding);
  return Buffer.from(data as ArrayBuffer).toString(encoding);
}
