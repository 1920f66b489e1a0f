import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { readHandleBounded } from "../security/regular-files.ts";
import { resolveUserPath } from "../values/text.ts";

export const DEFAULT_SECRET_FILE_MAX_BYTES = 16 * 1_024;

export interface SecretFileOptions {
  maxBytes?: number;
  /** Refuses a path that is a symbolic link. */
  rejectSymlink?: boolean;
  rejectHardlinks?: boolean;
  credentialDiagnostic?: { configPath: string; report(diagnostic: SecretFileDiagnostic): void };
}

export interface SecretFileDiagnostic {
  configPath: string;
  message: string;
}

/**
 * The trimmed content of a small file that holds one secret. Synchronous: it is read while an account's
 * settings are worked out, never per message.
 *
 * @throws when the path is no regular file, is empty or is larger than the limit
 */
export function readSecretFileSync(filePath: string, label: string, options: SecretFileOptions = {}): string {
  const path = resolveUserPath(filePath);
  if (path === "") throw new Error(`${label}: the path is empty`);
  const maxBytes = options.maxBytes ?? DEFAULT_SECRET_FILE_MAX_BYTES;
  if (options.rejectSymlink && lstatSync(path).isSymbolicLink()) {
    throw new Error(`${label} must not be a symbolic link: ${path}`);
  }
  const descriptor = openSync(path, constants.O_RDONLY | (options.rejectSymlink ? constants.O_NOFOLLOW : 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error(`${label} must be a regular file: ${path}`);
    if (options.rejectHardlinks && stat.nlink > 1)
      throw new Error(`${label} must not be a hard link: ${path}`);
    if (stat.size > maxBytes) throw new Error(`${label} is larger than ${maxBytes} bytes: ${path}`);
    const secret = readFileSync(descriptor, "utf8").trim();
    if (secret === "") throw new Error(`${label} is empty: ${path}`);
    return secret;
  } finally {
    closeSync(descriptor);
  }
}

/** The same without holding up other work. */
export async function readSecretFile(
  filePath: string,
  label: string,
  options: SecretFileOptions = {},
): Promise<string> {
  const path = resolveUserPath(filePath);
  if (path === "") throw new Error(`${label}: the path is empty`);
  const maxBytes = options.maxBytes ?? DEFAULT_SECRET_FILE_MAX_BYTES;
  if (options.rejectSymlink && (await lstat(path)).isSymbolicLink()) {
    throw new Error(`${label} must not be a symbolic link: ${path}`);
  }
  const file = await open(path, constants.O_RDONLY | (options.rejectSymlink ? constants.O_NOFOLLOW : 0));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${label} must be a regular file: ${path}`);
    if (options.rejectHardlinks && stat.nlink > 1) {
      throw new Error(`${label} must not be a hard link: ${path}`);
    }
    if (stat.size > maxBytes) throw new Error(`${label} is larger than ${maxBytes} bytes: ${path}`);
    const secret = (await readHandleBounded(file, stat.size, path, maxBytes)).toString("utf8").trim();
    if (secret === "") throw new Error(`${label} is empty: ${path}`);
    return secret;
  } finally {
    await file.close();
  }
}

export type SecretFileResult =
  | { ok: true; secret: string; resolvedPath: string }
  | { ok: false; message: string; resolvedPath?: string; error?: unknown };

export function loadSecretFileSync(
  filePath: string,
  label: string,
  options: SecretFileOptions = {},
): SecretFileResult {
  const resolvedPath = resolveUserPath(filePath);
  try {
    return { ok: true, secret: readSecretFileSync(filePath, label, options), resolvedPath };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const reason = typeof code === "string" ? `could not be read (${code}): ${resolvedPath}` : "";
    const message = reason ? `${label} ${reason}` : (error as Error).message;
    return { ok: false, message, resolvedPath, error };
  }
}

type CredentialResult =
  | { status: "available"; value: string }
  | { status: "missing" }
  | { status: "configured_unavailable"; diagnostic: SecretFileDiagnostic };

/** `undefined` when there is no path or the file can not be read; the reason goes to the diagnostic. */
export function tryReadSecretFileSync(
  filePath: string | undefined,
  label: string,
  options?: SecretFileOptions,
): string | undefined;
export function tryReadSecretFileSync(
  filePath: string | undefined,
  label: string,
  options: SecretFileOptions | undefined,
  diagnostic: { configPath: string },
): CredentialResult;
export function tryReadSecretFileSync(
  filePath: string | undefined,
  label: string,
  options: SecretFileOptions = {},
  diagnostic?: { configPath: string },
): string | undefined | CredentialResult {
  if (!filePath?.trim()) return diagnostic ? { status: "missing" } : undefined;
  const result = loadSecretFileSync(filePath, label, options);
  if (result.ok) return diagnostic ? { status: "available", value: result.secret } : result.secret;
  const report = options.credentialDiagnostic;
  report?.report({ configPath: report.configPath, message: result.message });
  if (!diagnostic) return undefined;
  return {
    status: "configured_unavailable",
    diagnostic: { configPath: diagnostic.configPath, message: result.message },
  };
}
