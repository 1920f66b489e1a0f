/** Keys of the root that mean something to this gateway or to its ecosystem (spec 10.1). */
export const ROOT_KEYS: readonly string[] = (
  "$schema meta env wizard diagnostics logging update telemetry browser ui auth models agents tools bindings " +
  "broadcast audio attachments media messages commands approvals session cron hooks web channels discovery talk " +
  "tts gateway memory mcp skills plugins secrets security acp surfaces accessGroups cloudWorkers desktop " +
  "transcripts worktreeRoot worktreeAcceleration identity tui state capture"
).split(" ");

/** The known key that is most like `key`, when one is near enough to be a typing error. */
export function nearestKey(key: string, known: readonly string[] = ROOT_KEYS): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(key.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(key.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        cell(rows, i - 1, j) + 1,
        (row[j - 1] ?? 0) + 1,
        cell(rows, i - 1, j - 1) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, cell(rows, i - 2, j - 2) + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return cell(rows, from.length, to.length);
}

function cell(rows: number[][], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
