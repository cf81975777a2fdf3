import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DoctorCheck, FoundSource, SkippedPlace, SourcesOfRoot } from '../domain/doctor.ts';
import type { RunPlace } from '../domain/records.ts';
import { isActive, type RunSource, type RunStatus } from '../domain/run.ts';
import { runFormats } from '../readers/index.ts';
import type { SkippedPlaces } from './runs/folders.ts';

/** What is asked of a run for the report. */
export interface ReportedRun {
  /** Its own place and its parts. */
  readonly places: readonly RunPlace[];
  readonly root: string;
  readonly status: RunStatus;
  /** Seconds since 1970; the newest are named. */
  readonly createdAt: number;
  readonly isDamaged: boolean;
}

/** So many files are measured of one report; a run may hold millions. */
const mostEntries = 20_000;
const deepest = 4;
const mostExamples = 3;

/** What was found below each folder, kind by kind, and what was left out. Sizes are measured on the disk, up to a limit. */
export async function reportSources(
  roots: readonly string[],
  runs: readonly ReportedRun[],
  skippedIn: (root: string) => SkippedPlaces | undefined,
): Promise<readonly SourcesOfRoot[]> {
  const measure = new Measure();
  const reports: SourcesOfRoot[] = [];
  for (const root of roots) {
    const below = runs.filter((run) => run.root === root);
    const { skipped, skippedCount } = skippedIn(root) ?? { skipped: [], skippedCount: 0 };
    const found: FoundSource[] = [];
    for (const { source, title } of runFormats) {
      const kind = await foundOf(source, title, below, measure);
      if (kind !== undefined) found.push(kind);
    }
    reports.push({ root, found, skipped, skippedCount });
  }
  return reports;
}

async function foundOf(
  source: RunSource,
  title: string,
  runs: readonly ReportedRun[],
  measure: Measure,
): Promise<FoundSource | undefined> {
  const own = runs.filter(({ places }) => places.some((place) => place.source === source));
  if (own.length === 0) return undefined;
  own.sort((a, b) => b.createdAt - a.createdAt);
  const places = own.flatMap((run) => run.places.filter((place) => place.source === source));
  const paths = [...new Set(places.map((place) => place.path))];
  const { bytes, isWhole } = await measure.sum(paths);
  return {
    source,
    title,
    runs: own.length,
    live: own.filter(({ status }) => isActive(status)).length,
    bytes,
    ...(isWhole ? {} : { bytesAtLeast: true as const }),
    damaged: own.filter(({ isDamaged }) => isDamaged).length,
    examples: paths.slice(0, mostExamples),
  };
}

/** Adds up what files take, each once, and stops at a limit. */
class Measure {
  #left = mostEntries;

  async sum(paths: readonly string[]): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
    let bytes = 0;
    for (const place of paths) {
      if (this.#left <= 0) return { bytes, isWhole: false };
      // The data of a database that is being written lies beside it.
      bytes += (await this.#size(place, 0)) + (await this.#fileSize(`${place}-wal`));
    }
    return { bytes, isWhole: this.#left > 0 };
  }

  async #size(place: string, depth: number): Promise<number> {
    this.#left--;
    const entries = await readdir(place, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return await this.#fileSize(place);
    let bytes = 0;
    for (const entry of entries) {
      if (this.#left <= 0) break;
      const file = path.join(place, entry.name);
      if (entry.isFile()) {
        this.#left--;
        bytes += await this.#fileSize(file);
      } else if (entry.isDirectory() && depth < deepest) bytes += await this.#size(file, depth + 1);
    }
    return bytes;
  }

  async #fileSize(file: string): Promise<number> {
    return stat(file).then(
      (facts) => (facts.isFile() ? facts.size : 0),
      () => 0,
    );
  }
}

/** The report as findings that a person reads: one per folder and kind, and what was left out with the reason. */
export function sourceChecks(reports: readonly SourcesOfRoot[]): DoctorCheck[] {
  return reports.flatMap(({ root, found, skipped, skippedCount }) => {
    const none: DoctorCheck = { group: 'sources', title: `No runs in ${root}`, state: 'ok', detail: noneFound };
    return [
      ...(found.length === 0 ? [none] : found.map((kind) => foundCheck(root, kind))),
      ...unreadable(skipped).map(
        ({ path: place, reason }): DoctorCheck => ({
          group: 'sources',
          title: path.basename(place),
          state: 'warning',
          detail: `${place} is not read: ${reason}.`,
        }),
      ),
      ...(skippedCount === 0 ? [] : [skippedCheck(root, skipped, skippedCount)]),
    ];
  });
}

const noneFound = 'No tracker has written anything there that is known here.';

function foundCheck(
  root: string,
  { title, runs, live, bytes, bytesAtLeast, damaged, examples }: FoundSource,
): DoctorCheck {
  const size = `${bytesAtLeast === true ? 'more than ' : ''}${sizeText(bytes)}`;
  const places = examples.map((place) => path.relative(root, place) || '.').join(', ');
  const counts = `${plural(runs, 'run')}${live === 0 ? '' : `, ${live} of them live`}, ${size}`;
  const detail = `${counts} in ${root} (${places}${runs > examples.length ? ', …' : ''}).`;
  if (damaged === 0) return { group: 'sources', title, state: 'ok', detail };
  const damage = `${damaged === 1 ? 'One run has' : `${damaged} runs have`} something in their files that could not be read.`;
  const hint = 'The tooltip of such a run says which file and what is wrong with it.';
  return { group: 'sources', title, state: 'warning', detail: `${detail} ${damage}`, hint };
}

/** Folders that nobody wants looked into, as against those that should have been and could not. */
const expectedReasons =
  /never holds runs|virtual environment|Conda environment|settings exclude|is no log of a training/;

function unreadable(skipped: readonly SkippedPlace[]): readonly SkippedPlace[] {
  return skipped.filter(({ reason }) => !expectedReasons.test(reason));
}

function skippedCheck(root: string, skipped: readonly SkippedPlace[], count: number): DoctorCheck {
  const byReason = new Map<string, number>();
  for (const { reason } of skipped)
    if (expectedReasons.test(reason)) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  const reasons = [...byReason].map(([reason, times]) => `${times} × ${reason}`).join('; ');
  const detail = `${plural(count, 'place')} below ${root}${reasons === '' ? '' : `: ${reasons}`}.`;
  return { group: 'sources', title: 'Not looked into', state: 'ok', detail };
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
