import { join } from "node:path";
import { KeyFile } from "./key-file.ts";

/** The keys made by the command line, whether or not the service runs. */
export function keyFileOf(stateDir: string): KeyFile {
  return new KeyFile(join(stateDir, "capture", "keys.json"));
}
