import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'fast-png';

const side = 16;
const colours = { red: [220, 40, 40], green: [40, 200, 60], blue: [50, 60, 220], yellow: [220, 210, 50] } as const;

/** PNG files in {train,test}/<colour>/: a square of the colour, somewhere, in some size and brightness, on grey noise. Gives the folder. */
export function writeColouredImages(parent: string, counts: { readonly train: number; readonly test: number }): string {
  const folder = path.join(parent, 'coloured');
  const draw = numbers(7);
  for (const [split, count] of Object.entries(counts)) {
    for (const [name, colour] of Object.entries(colours)) {
      const place = path.join(folder, split, name);
      mkdirSync(place, { recursive: true });
      for (let i = 0; i < count; i++) {
        const data = colouredSquare(colour, draw);
        writeFileSync(path.join(place, `${i}.png`), encode({ width: side, height: side, data, depth: 8, channels: 3 }));
      }
    }
  }
  return folder;
}

function colouredSquare(colour: readonly number[], draw: () => number): Uint8Array {
  const size = 4 + Math.floor(draw() * 4);
  const [left, top] = [Math.floor(draw() * (side - size)), Math.floor(draw() * (side - size))];
  const brightness = 0.6 + 0.4 * draw();
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const isInside = x >= left && x < left + size && y >= top && y < top + size;
      for (const [channel, value] of colour.entries()) {
        pixels[(y * side + x) * 3 + channel] = isInside ? value * brightness : 90 + 50 * draw();
      }
    }
  }
  return pixels;
}

/** Numbers between 0 and 1 from a seed, the same everywhere (Numerical Recipes, §7.1: a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
