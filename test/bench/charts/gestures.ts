export type Gesture = 'pan' | 'zoom';

/** Times between animation frames, in milliseconds. */
export interface Frames {
  readonly gaps: readonly number[];
}

/** The window of the i-th frame: a tenth of the data that wanders, or a window that shrinks and grows. */
export function windowOf(gesture: Gesture, i: number, points: number): { min: number; max: number } {
  if (gesture === 'pan') {
    const share = 0.1 + 0.7 * Math.abs(Math.sin(i / 150));
    return { min: points * share, max: points * (share + 0.1) };
  }
  const width = 0.02 + 0.9 * Math.abs(Math.sin(i / 50));
  return { min: points * (0.5 - width / 2), max: points * (0.5 + width / 2) };
}
