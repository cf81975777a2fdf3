import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type FoundRun, placeKey, type RunFacts } from '../../../domain/records.ts';
import type { RunSource } from '../../../domain/run.ts';
import { looksLikeEventFile } from '../../../readers/index.ts';
import type { ReaderPool } from '../../runs/readerPool.ts';
import type { RunCatalog } from '../../runs/runCatalog.ts';

/** When a run began, in milliseconds since 1970, and what is known of it. */
export interface Beginning {
  readonly at: number;
  readonly facts: RunFacts | undefined;
}

/** Runs of databases that the catalog does not know are read for their first row: so many per look, and so much of each. */
const readsPerLook = 40;
const bytesPerRead = 64_000;
/** Content that is so much older than its file was copied. */
const copyMs = 60_000;
const keptBeginnings = 50_000;
/** Tools that write into one folder again and again, so that its age says nothing. */
const rewritten: ReadonlySet<RunSource> = new Set(['dvclive', 'hf-trainer']);

/** Knows when the runs of other tools began: by their own first row where they lie in databases, else by when their files were made. */
export class Beginnings {
  readonly #pool: ReaderPool;
  readonly #catalog: RunCatalog;
  /** By `placeKey`; files are made once. */
  readonly #births = new Map<string, number>();
  readonly #facts = new Map<string, RunFacts>();
  /** Whether a database was written since, in this look. */
  readonly #touched = new Map<string, boolean>();
  #readsLeft = readsPerLook;

  constructor(pool: ReaderPool, catalog: RunCatalog) {
    this.#pool = pool;
    this.#catalog = catalog;
  }

  /** A new look at everything. */
  lookAgain(): void {
    this.#readsLeft = readsPerLook;
    this.#touched.clear();
    for (const kept of [this.#births, this.#facts]) if (kept.size > keptBeginnings) kept.clear();
  }

  /** Undefined where the run began before `since`, or where nobody can tell yet. */
  async of(run: FoundRun, since: number): Promise<Beginning | undefined> {
    const beginning = run.key === undefined ? await this.#ofFiles(run, since) : await this.#ofRows(run, since);
    return beginning !== undefined && beginning.at >= since ? beginning : undefined;
  }

  async #ofFiles(run: FoundRun, since: number): Promise<Beginning | undefined> {
    const known = this.#catalog.at(run);
    // Ten thousand runs that were listed before need not be looked at on the disk.
    if (known !== undefined && known.foundAt * 1000 < since && !rewritten.has(run.source)) return undefined;
    const id = placeKey(run);
    const birth = this.#births.get(id) ?? (await birthOf(run));
    if (birth === undefined) return undefined;
    this.#births.set(id, birth);
    const facts = known?.facts;
    const started = facts?.startedAt === undefined ? undefined : facts.startedAt * 1000;
    const isTold = started !== undefined && (rewritten.has(run.source) ? started > birth : isCopy(run, birth, started));
    return { at: isTold ? started : birth, facts };
  }

  async #ofRows(run: FoundRun, since: number): Promise<Beginning | undefined> {
    if (!(await this.#isTouched(run.path, since))) return undefined;
    const facts = this.#catalog.at(run)?.facts ?? this.#facts.get(placeKey(run)) ?? (await this.#read(run));
    return facts?.startedAt === undefined ? undefined : { at: facts.startedAt * 1000, facts };
  }

  async #isTouched(file: string, since: number): Promise<boolean> {
    let isTouched = this.#touched.get(file);
    if (isTouched === undefined) {
      const times = await Promise.all(
        [file, `${file}-wal`].map((each) =>
          stat(each).then(
            ({ mtimeMs }) => mtimeMs,
            () => 0,
          ),
        ),
      );
      isTouched = Math.max(...times) >= since;
      this.#touched.set(file, isTouched);
    }
    return isTouched;
  }

  async #read(run: FoundRun): Promise<RunFacts | undefined> {
    if (this.#readsLeft-- <= 0) return undefined;
    const params = { run, cursor: undefined, maxBytes: bytesPerRead, keep: false, skim: false };
    const facts = await this.#pool.ask(run.path, 'poll', params).then(
      (answer) => answer.facts,
      () => undefined,
    );
    if (facts?.startedAt !== undefined) this.#facts.set(placeKey(run), facts);
    return facts;
  }
}

/** Hydra's times come from names of folders, in the local time of some machine. */
function isCopy({ source }: FoundRun, birth: number, started: number): boolean {
  return source !== 'hydra' && started < birth - copyMs;
}

/** Of an event log when its first file was made, since several runs may write into one folder. */
async function birthOf({ source, path: place }: FoundRun): Promise<number | undefined> {
  if (source !== 'tensorboard') return birthOfFile(place);
  const names = await readdir(place).catch(() => [] as string[]);
  const logs = names.filter((name) => looksLikeEventFile(name, new Uint8Array()));
  const births = await Promise.all(logs.map((name) => birthOfFile(path.join(place, name))));
  const known = births.filter((birth) => birth !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Where the file system keeps no such time, when it was changed last. */
async function birthOfFile(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined);
  return facts === undefined ? undefined : facts.birthtimeMs > 0 ? facts.birthtimeMs : facts.mtimeMs;
}
