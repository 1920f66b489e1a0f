export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Median of `values[i] / floors[i]`: only figures of the same round are compared. */
export function medianRatio(values, floors) {
  return median(values.map((value, index) => value / floors[index]));
}

/** The variants in another order each round, so that none always follows the same one. */
export function rotated(list, round) {
  const shift = round % list.length;
  const turned = [...list.slice(shift), ...list.slice(0, shift)];
  return round % 2 ? turned.reverse() : turned;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
