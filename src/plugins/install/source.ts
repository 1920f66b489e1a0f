import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { SluiceError } from "../../kernel/errors.ts";
import type { InstallErrorCode, PackageSource, RecordedSource } from "./types.ts";

const MAX_SPEC_LENGTH = 1_024;
const NPM_SPEC = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*(@[^\s/:@][^\s/:@]{0,200})?$/i;
/** Repositories and downloads, as npm would take them. */
const AN_ADDRESS =
  /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:github|gitlab|bitbucket|gist):|git\+|[\w.-]+@[\w-]+\.[\w.-]+:)/i;
const ARCHIVE = /\.(tgz|tar\.gz)$/;
const PATH_LIKE = /^(\.{0,2}[\\/]|~[\\/]|[a-z]:[\\/]|\.{1,2}$)/i;

/**
 * Reads what an operator wrote: `name`, `@scope/name@1.2.3`, `npm:name`, a folder, a `.tgz`, or
 * `npm-pack:<tgz>`. A name that is also a folder here means the folder only when written as a path.
 *
 * @throws SluiceError `SPEC_INVALID`, `SOURCE_UNSUPPORTED`
 */
export async function parseSource(
  text: string,
  options: { cwd: string; link?: boolean },
): Promise<PackageSource> {
  const spec = text.trim();
  if (spec === "" || spec.length > MAX_SPEC_LENGTH || spec.includes("\0"))
    throw invalid(text, "it is empty or too long");
  const [, scheme, rest] = /^(npm|npm-pack|file|path|git|clawhub|marketplace|bundled):(.*)$/.exec(spec) ?? [];
  if (scheme === "npm") return npm(rest ?? "");
  if (scheme && ["git", "clawhub", "marketplace", "bundled"].includes(scheme)) {
    throw new SluiceError<InstallErrorCode>(
      "SOURCE_UNSUPPORTED",
      `"${scheme}:" sources are not supported; give a package name of npm, a folder or a .tgz file`,
    );
  }
  if (AN_ADDRESS.test(spec)) {
    throw new SluiceError<InstallErrorCode>(
      "SOURCE_UNSUPPORTED",
      `"${spec.slice(0, 200)}" is an address; fetch it yourself and give the folder, or the .tgz that npm pack makes of it`,
    );
  }
  const named = scheme ? (rest ?? "") : spec;
  if (!scheme && !PATH_LIKE.test(spec) && !isAbsolute(spec) && !ARCHIVE.test(spec)) return npm(spec);
  const path = absolute(named, options.cwd);
  const stats = await stat(path).catch(() => undefined);
  if (!stats) throw invalid(text, `${path} does not exist`);
  if (stats.isDirectory()) return { kind: "folder", path, link: options.link ?? false };
  if (options.link) throw invalid(text, "only a folder can be linked");
  if (!stats.isFile() || !ARCHIVE.test(path)) throw invalid(text, `${path} is neither a folder nor a .tgz`);
  return { kind: "archive", path };

  function npm(name: string): PackageSource {
    if (!NPM_SPEC.test(name)) {
      throw invalid(text, 'expected a package name such as "@scope/name@1.2.3", a folder or a .tgz file');
    }
    if (options.link) throw invalid(text, "only a folder can be linked");
    return { kind: "npm", spec: name };
  }
}

export function recordedSource(source: PackageSource): RecordedSource {
  return source.kind === "folder" ? "path" : source.kind;
}

/** What the record keeps as the operator's wish. */
export function specOf(source: PackageSource): string {
  return source.kind === "npm" ? source.spec : source.path;
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(cwd, path);
}

function invalid(text: string, why: string): SluiceError<InstallErrorCode> {
  return new SluiceError("SPEC_INVALID", `"${text.slice(0, 200)}" cannot be installed: ${why}`);
}
