import path from 'node:path';
import type { FoundRun } from '../../../domain/records.ts';
import type { RunSource } from '../../../domain/run.ts';
import type { RunLink } from '../../../domain/runDirectory.ts';
import { isInside } from '../../runs/folders.ts';
import type { ReaderPool } from '../../runs/readerPool.ts';
import type { RunCatalog } from '../../runs/runCatalog.ts';
import { type Beginning, Beginnings } from './beginnings.ts';
import { bornSince, bornUntil, isNewHydra, isPlaceCovered, linkTo, linkToRun, mayBeLinked } from './findLinks.ts';
import type { Followed } from './followed.ts';
import { endsWithOverrides, hydraFolderAround, includesOverrides, overridesOf, sameOverrides } from './hydraOutput.ts';
import { recordedOf, wordsOf } from './jobWords.ts';
import { type Candidate, type Owner, ownerOf } from './owner.ts';

/** Time alone is weak evidence, so the stronger kinds get their chance first. */
const timePatienceMs = 8_000;
/** Records of many jobs, which are no logs of one. */
const records: ReadonlySet<RunSource> = new Set(['trainyard', 'registry', 'slurm']);

export interface PlaceLinkerOptions {
  readonly pool: ReaderPool;
  readonly catalog: RunCatalog;
  /** Whether a run is part of one of ours already. */
  readonly hides: (found: FoundRun) => boolean;
  readonly excludedIn: (folder: string) => readonly string[];
  /** Whether a process of none of the jobs has something of a place open. */
  readonly isHeldByOthers: (place: string) => Promise<boolean>;
  readonly linksOf: (job: Followed) => Promise<readonly RunLink[]>;
  readonly add: (job: Followed, link: RunLink) => Promise<void>;
}

/** A folder of Hydra around a run, with what its program was told. */
interface HydraAround {
  readonly folder: string;
  readonly overrides: readonly string[] | undefined;
}

/** Finds out which of the runs that appear while jobs are at work are those of the jobs: runs in databases, tables, folders of any tracker. */
export class PlaceLinker {
  readonly #options: PlaceLinkerOptions;
  readonly #beginnings: Beginnings;

  constructor(options: PlaceLinkerOptions) {
    this.#options = options;
    this.#beginnings = new Beginnings(options.pool, options.catalog);
  }

  /** Looks at the runs in one folder of jobs, and at those elsewhere that the worker knows, as Trackio's in a folder of its own. */
  async look(folder: string, jobs: readonly Followed[]): Promise<void> {
    const { pool, catalog, excludedIn } = this.#options;
    const exclude = excludedIn(folder);
    const { runs = [] } = await pool.ask(folder, 'discover', { root: folder, exclude, afresh: false });
    const elsewhere = [...catalog.all()]
      .map(({ found }) => found)
      .filter(({ path: place }) => !isInside(place, folder));
    this.#beginnings.lookAgain();
    for (const run of [...runs, ...elsewhere]) if (!records.has(run.source)) await this.#lookAt(run, jobs);
  }

  async #lookAt(run: FoundRun, jobs: readonly Followed[]): Promise<void> {
    if (this.#options.hides(run)) return;
    const beginning = await this.#beginnings.of(run, Math.min(...jobs.map(bornSince)));
    if (beginning === undefined) return;
    const links = await Promise.all(jobs.map((job) => this.#options.linksOf(job)));
    if (isPlaceCovered(run, links.flat())) return;
    const hydra = run.key === undefined ? await hydraAround(run, jobs[0]!.folder) : undefined;
    const owner = ownerOf(appeared(run, beginning), candidatesOf(run, beginning, jobs, hydra?.overrides));
    if (owner === undefined || !(await this.#isCertain(run, owner))) return;
    const whole =
      hydra !== undefined && mayBeLinked(owner.job, hydra.folder) && (await isNewHydra(owner.job, hydra.folder));
    const evidence = sentence(run, owner);
    await this.#options.add(owner.job, whole ? linkTo(hydra.folder, evidence) : await linkToRun(run, evidence));
  }

  /** Somebody may have started a program by hand in the same folder at the same time. */
  async #isCertain(run: FoundRun, { job, by }: Owner<Followed>): Promise<boolean> {
    const isShared = run.key !== undefined;
    if (by === 'time') {
      const isDue = job.noticedAt !== undefined || Date.now() - job.startedAt > timePatienceMs;
      if (!isDue || !job.knowsStart || !(isInside(run.path, job.folder) || isInside(run.path, job.cwd))) return false;
    }
    if (by === 'id' || (by === 'open' ? !isShared : by === 'name' && isShared)) return true;
    return !(await this.#options.isHeldByOthers(run.path));
  }
}

function appeared(run: FoundRun, { facts }: Beginning): Parameters<typeof ownerOf>[0] {
  const file = path.basename(run.path);
  const names = [run.name, run.key, facts?.name, ...(run.key === undefined ? [file, path.parse(file).name] : [])];
  return { names: names.filter((name) => name !== undefined), config: facts?.config, isShared: run.key !== undefined };
}

function candidatesOf(
  run: FoundRun,
  { at, facts }: Beginning,
  jobs: readonly Followed[],
  overrides: readonly string[] | undefined,
): readonly Candidate<Followed>[] {
  // What began after the end is somebody else's, whom the walks that come later only find.
  const atWork = jobs.filter((job) => at >= bornSince(job) && at <= bornUntil(job));
  const possible = atWork.filter((job) => run.key !== undefined || mayBeLinked(job, run.path));
  return withOverrides(possible, overrides).map((job) => ({
    job,
    open: !hasOpen(job.written, run) ? 'never' : hasOpen(job.steady, run) ? 'steady' : 'seen',
    words: wordsOf(job.found.name, [job.args, ...job.commands]),
    recorded: recordedOf(facts, job.runId, job.commands),
  }));
}

/** The jobs whose Hydra may have made a folder: those with its overrides, else those whose launcher may have added some. */
function withOverrides(jobs: readonly Followed[], overrides: readonly string[] | undefined): readonly Followed[] {
  if (overrides === undefined) return jobs;
  const exact = jobs.filter(
    ({ args, commands }) =>
      sameOverrides(args, overrides) ||
      (overrides.length > 0 && commands.some((command) => endsWithOverrides(command, overrides))),
  );
  return exact.length > 0 ? exact : jobs.filter(({ args }) => includesOverrides(args, overrides));
}

/** SQLite writes to files beside a database. */
function hasOpen(files: ReadonlySet<string>, { source, path: place }: FoundRun): boolean {
  if (['', '-wal', '-journal'].some((end) => files.has(`${place}${end}`))) return true;
  const isOwn = (file: string) => (source === 'tensorboard' ? path.dirname(file) === place : isInside(file, place));
  return [...files].some(isOwn);
}

async function hydraAround(run: FoundRun, limit: string): Promise<HydraAround | undefined> {
  const folder = await hydraFolderAround(path.join(run.path, 'x'), limit);
  return folder === undefined ? undefined : { folder, overrides: await overridesOf(folder) };
}

function sentence(run: FoundRun, { job, by }: Owner<Followed>): string {
  const file = path.relative(job.folder, run.path);
  const place = file.startsWith('..') ? run.path : file;
  const sentences: { readonly [By in Owner<unknown>['by']]: string } = {
    id: `The id of the run stands in what ${place} keeps of its program.`,
    command: `It began in ${place} while the run was at work, and names the run's command line.`,
    open:
      run.key === undefined
        ? `The run's process has ${place} open.`
        : `It appeared in ${place} after the run's start, and no other process has that file open.`,
    name: `It began in ${place} while the run was at work, and has its name.`,
    settings: `It began in ${place} while the run was at work, with its settings.`,
    time: 'It appeared in the folder while this run, and no other, was at work there.',
  };
  return sentences[by];
}
