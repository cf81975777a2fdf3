import type { PythonPackages } from './python.ts';

/** What a check is given. */
export interface TrackerRun {
  /** Python with the tracker's packages. */
  readonly python: PythonPackages;
  /** A fresh folder; the runner removes it. */
  readonly folder: string;
}

/**
 * A real library that writes runs while our reader tails them. A new one is a file here (with a script `writeNAME.py`, since one called NAME.py would hide the library) and a line in main.ts.
 */
export interface Tracker {
  readonly name: string;
  /** What pip installs, "torch>=2". */
  readonly packages: readonly string[];
  /** What must be importable then. */
  readonly modules: readonly string[];
  /** Installs in another way where pip alone does not do it; gives back why it cannot be had, or undefined. */
  readonly prepare?: (python: PythonPackages) => Promise<void>;
  /** Each check throws where something is wrong, and gives back a sentence of what was compared. */
  readonly checks: { readonly [about: string]: (run: TrackerRun) => Promise<string> };
}
