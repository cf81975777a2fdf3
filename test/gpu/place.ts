import { existsSync } from 'node:fs';
import path from 'node:path';

/** Where a file is that travels with this program: beside it in the kit, or in its folder of the repository. */
export function folderOf(file: 'torchGpu.py' | 'torchPeer.py'): string {
  const here = import.meta.dirname;
  const places = [path.join(here, file), path.join(here, '..', 'bench', 'engine', file)];
  return places.find((place) => existsSync(place)) ?? places[0]!;
}
