/** Rows beyond the edges, so that a quick scroll finds something there. */
const SPARE = 6;

/** The rows of a long list that must exist: those in sight and a few more. `end` is exclusive. */
export function visibleRows(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
): { first: number; end: number } {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - SPARE));
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + SPARE);
  return { first, end: Math.max(first, end) };
}
