import path from 'node:path';

/** A word with a slash in it; what stands around paths in logs (quotes, brackets, commas) is none of it. */
const word = /[\w.@+=~%-]*\/[\w.@+=~%/-]*/g;
const mostPlaces = 40;
/** A program that names a checkpoint names its run's folder a few levels above. */
const levels = 3;

/**
 * Places below a root that a text shows, with the folders around them, whether or not there is anything. Relative ones are looked for from each of the `bases`,
 * since a program does not say where it stood. Only the first few are given.
 */
export function placesIn(text: string, root: string, bases: readonly string[]): readonly string[] {
  const places = new Set<string>();
  for (const [found] of text.matchAll(word)) {
    const name = found.replace(/[.:]+$/, '');
    for (const base of new Set(path.isAbsolute(name) ? [root] : bases)) {
      for (const place of withFoldersAround(path.resolve(base, name), root)) places.add(place);
      if (places.size >= mostPlaces) return [...places].slice(0, mostPlaces);
    }
  }
  return [...places];
}

function withFoldersAround(place: string, root: string): readonly string[] {
  const around: string[] = [];
  for (let at = place; around.length <= levels && at.startsWith(root + path.sep); at = path.dirname(at))
    around.push(at);
  return around;
}
