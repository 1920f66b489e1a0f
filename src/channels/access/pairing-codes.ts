import { randomInt } from "node:crypto";

/** Upper-case letters and digits without the four that are mistaken for one another. */
const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
export const PAIRING_CODE_LENGTH = 8;

export function newPairingCode(): string {
  let code = "";
  for (let i = 0; i < PAIRING_CODE_LENGTH; i++) code += ALPHABET[randomInt(ALPHABET.length)];
  return code;
}

/** What an unknown sender is told once. */
export function buildPairingReply(params: { channel: string; idLine: string; code: string }): string {
  return [
    "Access is not set up for you yet.",
    params.idLine,
    `Pairing code: ${params.code}`,
    `Ask the operator to run: sluice pairing approve ${params.channel} ${params.code}`,
  ].join("\n");
}
