import { readFile } from "node:fs/promises";

/** A file that is missing or unreadable as JSON gives the fallback. */
export async function readJsonFileWithFallback<T>(
  filePath: string,
  fallback: T,
): Promise<{ value: T; exists: boolean }> {
  let text: string;
  try {
    text = await readFile(filePath, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    return { value: fallback, exists: false };
  }
  try {
    return { value: JSON.parse(text) as T, exists: true };
  } catch {
    return { value: fallback, exists: true };
  }
}
