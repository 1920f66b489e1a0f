import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { packageRoot } from "../../kernel/package-root.ts";

/** What the thread answers: the value as JSON, or why there is none. */
export type Json5Answer = { readonly json: string } | { readonly problem: string };

const MAX_THREAD_HEAP_MB = 64;

let last: Promise<unknown> = Promise.resolve();

/**
 * Reads JSON5 in a thread of its own and answers with the same value as JSON. One text at a time: a thousand
 * such files must not become a thousand threads.
 *
 * @throws SluiceError `JSON_INVALID`
 */
export function json5InThread(text: string): Promise<string> {
  const next = last.then(() => read(text));
  last = next.catch(() => {});
  return next;
}

async function read(text: string): Promise<string> {
  const worker = new Worker(join(packageRoot(), "dist", "workers", "json5.cjs"), {
    workerData: text,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_THREAD_HEAP_MB },
  });
  try {
    const answer = await new Promise<Json5Answer>((resolve) => {
      worker.once("message", resolve);
      worker.once("error", (error) => resolve({ problem: errorMessage(error) }));
      worker.once("exit", (code) => resolve({ problem: `its reader ended with ${code}` }));
    });
    if ("json" in answer) return answer.json;
    throw new SluiceError("JSON_INVALID", `not valid JSON: ${answer.problem.replace(/^JSON5: /, "")}`);
  } finally {
    await worker.terminate();
  }
}
