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

/** How npm names what its registry does not have: by a missing name, or by a missing version of a known one. */
const NOT_HAD =
  /(?:The requested resource '([^']+)' could not be found|'([^']+)' is not in (?:this|the npm) registry|No matching version found for (\S+?)\.?$)/m;

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
  const missing = code === "E404" || code === "ETARGET" ? packageItNeeds(spec, said) : undefined;
  if (missing) {
    return new SluiceError(
      "PACKAGE_UNAVAILABLE",
      `"${spec}" needs "${missing}", which npm does not have; tell its author, or install another version of it`,
      { details: { status, npmCode: code, missing } },
    );
  }
  const meaning = MEANINGS.find(({ codes }) => code !== undefined && codes.test(code));
  return new SluiceError(
    "PACKAGE_UNAVAILABLE",
    meaning
      ? meaning.say(spec)
      : `npm could not provide "${spec}": ${shown(said) || `exit status ${status}`}`,
    {
      details: { status, ...(code ? { npmCode: code } : {}), ...refusedIn(said) },
      retryable: meaning?.again ?? false,
    },
  );
}

/** The same of a search; many private registries have none. */
export function searchFailure(
  words: string,
  result: ProcessResult,
  limitMs: number,
): SluiceError<InstallErrorCode> {
  const failure = npmFailure(words, result, limitMs);
  if ((failure.details as { npmCode?: string } | undefined)?.npmCode !== "E404") return failure;
  return new SluiceError(
    "PACKAGE_UNAVAILABLE",
    "the registry of your npm settings cannot be searched; install by name: sluice plugins install <name>",
    { details: { npmCode: "E404" } },
  );
}

/** What npm did not find, when that is not what it was asked for but something that one depends on. */
function packageItNeeds(spec: string, said: string): string | undefined {
  const missing = NOT_HAD.exec(said)?.slice(1).find(Boolean);
  return missing && nameIn(missing) !== nameIn(spec) ? missing : undefined;
}

/** `@scope/name` of `@scope/name@^1.0.0`. */
function nameIn(spec: string): string {
  const version = spec.indexOf("@", 1);
  return version === -1 ? spec : spec.slice(0, version);
}

/** Which package npm was told not to fetch, where it names it. */
function refusedIn(said: string): { refused?: string } {
  const refused = /Refusing to fetch "([^"\n]{1,500})"/.exec(said)?.[1];
  return refused ? { refused } : {};
}

/** What npm said, without its own marks and without the place of its log. */
function shown(said: string): string {
  const lines = said.split("\n").map((line) => line.replace(/^npm (?:error|ERR!) ?/, ""));
  return lines
    .filter((line) => line.trim() !== "" && !line.includes("A complete log of this run"))
    .join("\n")
    .slice(0, SHOWN_ERROR_LENGTH);
}
