import { truncateUtf16Safe } from "../../kernel/cut-text.ts";

const MAX_FILE_NAME_LENGTH = 200;

/** A plain file name: no folders, control characters or names that mean something to a system. */
export function sanitizeUntrustedFileName(name: string, fallback = "file"): string {
  const base = name.split(/[\\/]/).at(-1) ?? "";
  const clean = [...base]
    .filter(
      (character) =>
        (character.codePointAt(0) ?? 0) > 31 && !'<>:"|?*'.includes(character) && character !== "\u007f",
    )
    .join("")
    .replace(/^[.\s]+|[.\s]+$/g, "");
  if (clean === "" || /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(clean)) return fallback;
  return truncateUtf16Safe(clean, MAX_FILE_NAME_LENGTH);
}
