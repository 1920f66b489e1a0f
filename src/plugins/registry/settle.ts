import type { DraftItem, RegistrationDraft } from "./draft.ts";

/**
 * What is left of a plugin's registrations when it registers one name twice: the first, the last, or both, as the
 * kind says (spec 2.13). `onTwice` hears of those that must not be.
 */
export function settledItems(
  { items }: Pick<RegistrationDraft, "items">,
  onTwice: (item: DraftItem) => void = () => {},
): readonly DraftItem[] {
  const kept: (DraftItem | undefined)[] = [];
  const byKey = new Map<string, number>();
  for (const item of items) {
    if (item.row.again === "all") {
      kept.push(item);
      continue;
    }
    const taken = item.keys
      .map((key) => byKey.get(`${item.row.kind}\0${key}`))
      .find((at) => at !== undefined);
    const previous = taken === undefined ? undefined : kept[taken];
    if (previous && item.row.again === "ignore") continue;
    if (previous && item.row.again === "error") {
      onTwice(item);
      continue;
    }
    if (previous) kept[taken as number] = undefined;
    for (const key of item.keys) byKey.set(`${item.row.kind}\0${key}`, kept.length);
    kept.push(item);
  }
  return kept.filter((item) => item !== undefined);
}
