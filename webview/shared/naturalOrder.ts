const collator = new Intl.Collator('en', { numeric: true });

/** Orders names as people count: `layer2` before `layer10`. */
export function naturalOrder(one: string, other: string): number {
  return collator.compare(one, other);
}
