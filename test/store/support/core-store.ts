import { onTestFinished } from "vitest";
import { openStore, type Store } from "../../../src/store/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** The core store in a folder of its own, closed when the running test ends. */
export async function openTestStore(folder?: string): Promise<Store> {
  const store = await openStore({ folder: folder ?? (await temporaryFolder()) });
  onTestFinished(() => store.dispose());
  return store;
}
