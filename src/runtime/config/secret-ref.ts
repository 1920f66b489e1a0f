import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { errorMessage } from "../../kernel/errors.ts";
import { isRecord } from "../../kernel/records.ts";
import { parseJson } from "../../kernel/safe-json.ts";
import type { ConfigRecord } from "./parse-text.ts";

/** Largest file a secret is read from. */
export const MAX_SECRET_FILE_BYTES = 1_048_576;

const SOURCES = ["env", "file", "exec", "store"];
const ENV_ID = /^[A-Z][A-Z0-9_]{0,127}$/;
const ALIAS = /^[a-z][a-z0-9_-]{0,63}$/;

/** Stands in the file where a secret belongs (spec 10.4). */
export interface SecretRef {
  source: "env" | "file" | "exec" | "store";
  provider: string;
  id: string;
}

export function isSecretRef(value: unknown): value is SecretRef {
  return (
    isRecord(value) &&
    Object.keys(value).length === 3 &&
    SOURCES.includes(value["source"] as string) &&
    typeof value["provider"] === "string" &&
    typeof value["id"] === "string"
  );
}

/** Finds the values of references; each file is read once per resolver. */
export class SecretResolver {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #providers: ConfigRecord;
  readonly #folder: string;
  readonly #files = new Map<string, Promise<string>>();

  /** @param folder relative secret files are looked up here */
  constructor(env: Readonly<Record<string, string | undefined>>, effective: ConfigRecord, folder: string) {
    this.#env = env;
    this.#folder = folder;
    const secrets = effective["secrets"];
    const providers = isRecord(secrets) ? secrets["providers"] : undefined;
    this.#providers = isRecord(providers) ? providers : {};
  }

  /** @throws Error that says why there is no value; never with the value in it */
  async resolve(ref: SecretRef): Promise<string> {
    if (!ALIAS.test(ref.provider)) throw new Error(`"${ref.provider}" is not a provider name`);
    if (ref.source === "env") return this.#fromEnvironment(ref);
    if (ref.source === "file") return this.#fromFile(ref);
    throw new Error(`secrets with source "${ref.source}" can not be read; use "env" or "file"`);
  }

  #fromEnvironment(ref: SecretRef): string {
    if (!ENV_ID.test(ref.id)) throw new Error(`"${ref.id}" is not the name of an environment variable`);
    const provider = this.#provider(ref);
    const allowed = provider?.["allow"] ?? provider?.["allowlist"];
    if (Array.isArray(allowed) && !allowed.includes(ref.id)) {
      throw new Error(`secrets.providers.${ref.provider} does not allow ${ref.id}`);
    }
    const value = this.#env[ref.id];
    if (value === undefined || value === "") throw new Error(`the environment variable ${ref.id} is not set`);
    return value;
  }

  async #fromFile(ref: SecretRef): Promise<string> {
    const provider = this.#provider(ref);
    const path = provider?.["path"];
    if (typeof path !== "string" || path === "") {
      throw new Error(`secrets.providers.${ref.provider} must be a file provider with a path`);
    }
    const file = resolve(this.#folder, path);
    const text = await this.#read(file);
    if (ref.id === "value") return text.replace(/\r?\n$/, "");
    if (!ref.id.startsWith("/")) throw new Error('the id of a file secret is "value" or a JSON pointer');
    const value = atPointer(parseJson(text), ref.id);
    if (typeof value !== "string" || value === "") throw new Error(`${file} holds no text at ${ref.id}`);
    return value;
  }

  #read(file: string): Promise<string> {
    const known = this.#files.get(file) ?? readSecretFile(file);
    this.#files.set(file, known);
    return known;
  }

  /** The configured provider; `default` needs none. */
  #provider(ref: SecretRef): ConfigRecord | undefined {
    const provider = Object.hasOwn(this.#providers, ref.provider) ? this.#providers[ref.provider] : undefined;
    if (!isRecord(provider)) {
      if (ref.provider === "default") return undefined;
      throw new Error(`secrets.providers.${ref.provider} is not configured`);
    }
    if (provider["source"] !== ref.source) {
      throw new Error(`secrets.providers.${ref.provider} is not a provider of source "${ref.source}"`);
    }
    return provider;
  }
}

async function readSecretFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_SECRET_FILE_BYTES) throw new Error(`larger than ${MAX_SECRET_FILE_BYTES} bytes`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`the secret file ${file} can not be read: ${errorMessage(error)}`, { cause: error });
  }
}

function atPointer(value: unknown, pointer: string): unknown {
  let node = value;
  for (const part of pointer.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as ConfigRecord)[key];
  }
  return node;
}
