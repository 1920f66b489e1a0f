/** Base64 without white space and with its padding; `undefined` when it is none. */
export function canonicalizeBase64(base64: string): string | undefined {
  const text = base64.replace(/\s+/g, "");
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return text;
}

export function estimateBase64DecodedBytes(base64: string): number {
  const text = base64.replace(/\s+/g, "");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.max(0, Math.floor((text.length * 3) / 4) - padding);
}
