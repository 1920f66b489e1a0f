import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AuthProfileCredential, AuthProfileStore } from "../../contracts/auth-profiles.ts";
import { PROFILES_FILE_NAME, readProfiles } from "./auth-profiles.ts";
import { isRecord } from "./catalogue.ts";

/** Largest file of sign-ins that is read. */
export const MAX_PROFILES_BYTES = 1_048_576;

/** What a file of sign-ins held when it was read. */
export interface ProfileFile {
  /** Differs when the file does. */
  readonly stamp: string;
  readonly store: Partial<AuthProfileStore>;
  /** Texts behind the profiles, references resolved; by profile id. */
  readonly secrets: ReadonlyMap<string, string>;
}

export const NO_PROFILES: ProfileFile = { stamp: "none", store: {}, secrets: new Map() };

/**
 * Reads an agent folder's sign-ins where they changed since `known`.
 *
 * @param resolve gives the text behind a reference, `undefined` where there is none
 * @throws when a file is there and cannot be used
 */
export async function readProfileFile(
  folder: string,
  known: ProfileFile | undefined,
  resolve: (reference: unknown) => Promise<string | undefined>,
): Promise<ProfileFile> {
  const path = join(folder, PROFILES_FILE_NAME);
  let stamp: string;
  try {
    const { mtimeMs, size, ino } = await stat(path);
    if (size > MAX_PROFILES_BYTES) throw new Error(`${path} is larger than ${MAX_PROFILES_BYTES} bytes`);
    stamp = `${ino}:${mtimeMs}:${size}`;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return NO_PROFILES;
    throw error;
  }
  if (known?.stamp === stamp) return known;
  const store = readProfiles(await readFile(path, "utf8"));
  const secrets = new Map<string, string>();
  for (const [profileId, credential] of Object.entries(store.profiles ?? {})) {
    const secret = await secretOf(credential, resolve);
    if (secret !== undefined && secret !== "") secrets.set(profileId, secret);
  }
  return { stamp, store, secrets };
}

/** The text of a sign-in that is sent, unless its provider makes another of it. */
async function secretOf(
  credential: AuthProfileCredential,
  resolve: (reference: unknown) => Promise<string | undefined>,
): Promise<string | undefined> {
  const [value, reference] =
    credential.type === "api_key"
      ? [credential["key"], credential["keyRef"]]
      : credential.type === "token"
        ? [credential["token"], credential["tokenRef"]]
        : [credential["access"], undefined];
  if (typeof value === "string" && value !== "") return value;
  return isRecord(reference) ? resolve(reference) : undefined;
}
