/** How the lines of a run look: which of the theme's line colours, and which dash pattern. Both are small indices. */
export interface RunStyle {
  readonly colour: number;
  readonly dash: number;
}

/** Number of line colours that every theme gives, see `theme.ts`. */
export const COLOURS = 8;

/** Dash patterns in CSS pixels; the first is a solid line. */
export const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

/**
 * Gives every run a style. A run's style comes from a hash of its id, so that it is the same in every panel and window;
 * where two runs would look alike the later one takes the next free style, and styles given before are kept.
 * With more runs than styles they repeat.
 */
export function assignStyles(runIds: readonly string[], before: ReadonlyMap<string, RunStyle>): Map<string, RunStyle> {
  const styles = new Map<string, RunStyle>();
  const uses = new Array<number>(COLOURS * DASHES.length).fill(0);
  for (const id of runIds) {
    const kept = before.get(id);
    if (kept === undefined) continue;
    styles.set(id, kept);
    uses[slotOf(kept)]! += 1;
  }
  for (const id of runIds.filter((runId) => !styles.has(runId))) {
    const slot = freeSlot(uses, hash(id) % COLOURS);
    uses[slot]! += 1;
    styles.set(id, { colour: slot % COLOURS, dash: Math.floor(slot / COLOURS) });
  }
  return styles;
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** The wished colour if it is unused, else another solid colour, else the dashed ones; the least used where none is free. */
function freeSlot(uses: readonly number[], wished: number): number {
  let best = wished;
  for (let i = 0; i < uses.length; i++) {
    const round = Math.floor(i / COLOURS);
    const slot = round * COLOURS + ((wished + i) % COLOURS);
    if (uses[slot] === 0) return slot;
    if (uses[slot]! < uses[best]!) best = slot;
  }
  return best;
}

function slotOf(style: RunStyle): number {
  return (style.dash % DASHES.length) * COLOURS + (style.colour % COLOURS);
}
