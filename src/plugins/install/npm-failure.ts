import { SluiceError } from "../../kernel/errors.ts";
import type { ProcessResult } from "./child-process.ts";
import type { InstallErrorCode } from "./types.ts";

const SHOWN_ERROR_LENGTH = 1_000;

/** What npm's codes mean to somebody who wants a plugin; `again` says that the same may work later. */
const MEANINGS: readonly { readonly codes: RegExp; say(spec: string): string; readonly again?: true }[] = [
  {
    codes: /^E404$/,
    say: (spec) => `npm knows no package "${spec}"; check its name, and whether you must sign in with npm`,
  },
  { codes: /^ETARGET$/, say: (spec) => `npm has no such version or tag: "${spec}"` },
  { codes: /^(E401|E403|ENEEDAUTH)$/, say: (spec) => `npm may not read "${spec}"; sign in with npm login` },
  {
    codes:
      /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|E5\d\d)$/,
    say: (spec) =>
      `npm can not reach its registry for "${spec}"; check the network, or install from a .tgz or a folder`,
    again: true,
  },
];

/** Why npm did not do what it was asked. */
export function npmFailure(
  spec: string,
  { status, stderr, stdout, ended }: ProcessResult,
  limitMs: number,
): SluiceError<InstallErrorCode> {
  if (ended === "timeout") {
    const message = `npm took longer than ${limitMs / 1_000} s for "${spec}"; try again`;
    return new SluiceError("PACKAGE_UNAVAILABLE", message, { retryable: true });
  }
  const said = stderr.trim() || stdout.trim();
  const code = /^npm (?:error|ERR!) code (\S+)$/m.exec(said)?.[1];
  const meaning = MEANINGS.find(({ codes }) => code !== undefined && codes.test(code));
  return new SluiceError(
    "PACKAGE_UNAVAILABLE",
    meaning
      ? meaning.say(spec)
      : `npm could not provide "${spec}": ${shown(said) || `exit status ${status}`}`,
    { details: { status, ...(code ? { npmCode: code } : {}) }, retryable: meaning?.again ?? false },
  );
}

/** What npm said, without its own marks and without the place of its log. */
function shown(said: string): string {
  const lines = said.split("\n").map((line) => line.replace(/^npm (?:error|ERR!) ?/, ""));
  return lines
    .filter((line) => line.trim() !== "" && !line.includes("A complete log of this run"))
    .join("\n")
    .slice(0, SHOWN_ERROR_LENGTH);
}
