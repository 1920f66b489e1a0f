import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { SluiceError } from "sluice/plugin-sdk/foundation";
import { keyDigest } from "./key-ring.ts";

export type KeyFileErrorCode =
  | "KEY_EXISTS"
  | "KEY_UNKNOWN"
  | "KEY_INVALID"
  | "KEY_FILE_BUSY"
  | "KEY_FILE_INVALID";

const KEY_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const SECRET_BYTES = 24;
const MAX_KEYS = 1_000;
/** A lock older than this was left by a program that died. */
const STALE_LOCK_MS = 10_000;

export interface StoredKey {
  id: string;
  tenant: string;
  /** SHA-256 of the key, hexadecimal. The key itself is shown once and kept nowhere. */
  digest: string;
  createdAt: number;
}

/**
 * The keys made by `sluice capture keys`, in a file of mode 0600. A running gateway sees a change with the
 * next request: {@link read} looks at the file's identity before it trusts what it has read before.
 */
export class KeyFile {
  readonly #file: string;
  #seen: { version: string; keys: StoredKey[] } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** The stored keys; the same array as before while the file is unchanged. */
  async read(): Promise<StoredKey[]> {
    let version = "none";
    try {
      const { ino, size, mtimeNs } = await stat(this.#file, { bigint: true });
      version = `${ino}:${size}:${mtimeNs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (this.#seen?.version === version) return this.#seen.keys;
    const keys = version === "none" ? [] : parse(await readFile(this.#file, "utf8"));
    this.#seen = { version, keys };
    return keys;
  }

  /** Makes a key and returns its secret, which is shown this once. */
  create(id: string, tenant: string, now: number): Promise<string> {
    return this.#change((keys) => {
      if (!KEY_ID.test(id)) throw fail("KEY_INVALID", "a key's name is lower-case letters, digits, - and _");
      if (keys.some((key) => key.id === id))
        throw fail("KEY_EXISTS", `there is a key "${id}" already; rotate it or choose another name`);
      if (keys.length >= MAX_KEYS) throw fail("KEY_INVALID", `at most ${MAX_KEYS} keys; revoke some first`);
      const secret = newSecret();
      keys.push({ id, tenant, digest: keyDigest(secret).toString("hex"), createdAt: now });
      return secret;
    });
  }

  /** Replaces a key's secret; the old one fails from the next request on. */
  rotate(id: string, now: number): Promise<string> {
    return this.#change((keys) => {
      const key = keys.find((entry) => entry.id === id);
      if (!key) throw unknown(id);
      const secret = newSecret();
      key.digest = keyDigest(secret).toString("hex");
      key.createdAt = now;
      return secret;
    });
  }

  revoke(id: string): Promise<void> {
    return this.#change((keys) => {
      const at = keys.findIndex((entry) => entry.id === id);
      if (at < 0) throw unknown(id);
      keys.splice(at, 1);
    });
  }

  async #change<T>(edit: (keys: StoredKey[]) => T): Promise<T> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const release = await this.#lock();
    try {
      const keys = (await this.read()).map((key) => ({ ...key }));
      const result = edit(keys);
      const temporary = `${this.#file}.${process.pid}.tmp`;
      const handle = await open(temporary, "w", 0o600);
      try {
        await handle.writeFile(`${JSON.stringify({ keys }, null, 2)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#file);
      this.#seen = undefined;
      return result;
    } finally {
      await release();
    }
  }

  async #lock(): Promise<() => Promise<void>> {
    const lock = `${this.#file}.lock`;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await (await open(lock, "wx", 0o600)).close();
        return () => rm(lock, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const age = await stat(lock).then(
          ({ mtimeMs }) => Date.now() - mtimeMs,
          () => Number.POSITIVE_INFINITY,
        );
        if (age > STALE_LOCK_MS) await rm(lock, { force: true });
      }
    }
    throw fail("KEY_FILE_BUSY", "another program is changing the keys; try again");
  }
}

function parse(content: string): StoredKey[] {
  try {
    const { keys } = JSON.parse(content) as { keys: StoredKey[] };
    if (keys.every((key) => typeof key.id === "string" && /^[0-9a-f]{64}$/.test(key.digest))) return keys;
  } catch {
    // Falls through to the one message.
  }
  throw fail("KEY_FILE_INVALID", "the key file cannot be read; move it away and create the keys anew");
}

/** 32 characters of URL-safe text behind a prefix that secret scanners can know. */
function newSecret(): string {
  return `slc_${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

function unknown(id: string): SluiceError<KeyFileErrorCode> {
  return fail("KEY_UNKNOWN", `there is no key "${id}"; see "sluice capture keys list"`);
}

function fail(code: KeyFileErrorCode, message: string): SluiceError<KeyFileErrorCode> {
  return new SluiceError(code, message);
}
