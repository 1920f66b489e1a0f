/** What a message asks of the host itself. */

const ABORT = new Set([
  "stop",
  "/stop",
  "abort",
  "/abort",
  "esc",
  "exit",
  "interrupt",
  "halt",
  "please stop",
  "stop please",
  "stop it",
]);

/** True for a text that asks to stop the running turn. */
export function isAbortRequestText(text?: string | null): boolean {
  const plain = (text ?? "")
    .trim()
    .toLowerCase()
    .replace(/[\s.!?…,;:]+$/u, "");
  return ABORT.has(plain);
}

/** True for `/btw <question>`: a question beside the running turn. */
export function isBtwRequestText(text?: string | null): boolean {
  return /^\/btw(?::|\s|$)/i.test((text ?? "").trim());
}
