import { Disposables } from '../../../base/disposables.ts';
import { openBytes, type RandomBytes } from './randomBytes.ts';

/** All files of a set that are held in memory, together; what goes beyond it is read from disk piece by piece. */
const mostResident = 256 * 1024 * 1024;
/** Systems allow 1024 open files to a process, some 256. */
const mostOpen = 128;

/** The files of a data set: small ones in memory, large ones open, of which those not used for longest are closed and opened again when they are needed. */
export class OpenFiles extends Disposables {
  readonly #resident = new Map<string, RandomBytes>();
  readonly #stored = new Map<string, RandomBytes>();
  readonly #mostResident: number;
  #residentSize = 0;

  constructor(most = mostResident) {
    super();
    this.#mostResident = most;
  }

  /** The file, valid until the next call. */
  open(file: string): RandomBytes {
    return this.#resident.get(file) ?? this.#fromDisk(file);
  }

  /** Whether all that was opened lies in memory. */
  get allResident(): boolean {
    return this.#stored.size === 0;
  }

  #fromDisk(file: string): RandomBytes {
    const known = this.#stored.get(file);
    if (known !== undefined) {
      // Put last again: the first in the map is the one that was not used for longest.
      this.#stored.delete(file);
      this.#stored.set(file, known);
      return known;
    }
    const opened = this.add(openBytes(file, this.#mostResident - this.#residentSize));
    if (opened.resident) {
      this.#residentSize += opened.size;
      this.#resident.set(file, opened);
      return opened;
    }
    const oldest = this.#stored.size < mostOpen ? undefined : [...this.#stored][0];
    if (oldest !== undefined) {
      this.#stored.delete(oldest[0]);
      this.delete(oldest[1]);
    }
    this.#stored.set(file, opened);
    return opened;
  }
}
