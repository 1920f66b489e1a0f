// @ts-expect-error a plain script without declarations
import { build } from "../../scripts/build.mjs";

/** Worker threads and spawned gateways run built files; this keeps them as fresh as the sources under test. */
export default async function setup(): Promise<void> {
  if (process.env["SLUICE_TEST_PREBUILT"] === "1") return;
  const failures: { name: string; message: string }[] = await build({ quick: true });
  for (const { name, message } of failures) console.error(`build of ${name} failed:\n${message}`);
}
