/** Bytes as a part of a `Blob`, in memory of their own. */
export function bufferToBlobPart(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(buffer);
}
