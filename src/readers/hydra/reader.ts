import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ConsoleLog, FoundRun, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readTextEnds, type TextEnds } from '../files/textEnds.ts';
import type { RunReader } from '../format.ts';
import { consoleOf, type Submission, submissionOf } from './console.ts';
import { configFacts, isOfMany, jobIdOf, logNameOf, outputsIn } from './facts.ts';
import { type JobFiles, readJobFiles } from './jobFiles.ts';
import { hydraFolder, hydraPlace, sweepRootOf } from './places.ts';
import { jobStatus } from './status.ts';

const version = 1;

/** What does not change while the job runs. */
interface Job {
  /** Tells whether the files are those that were read. */
  readonly look: string;
  readonly files: JobFiles;
  readonly facts: RunFacts;
  readonly logName: string | undefined;
  readonly sweep: string | undefined;
}

/** Reads a job's folder: configuration and console. It has no rows; those are in the logs of whatever logger the program used. */
export class HydraReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #ends = new Map<string, { readonly look: string; readonly ends: TextEnds }>();
  #job: Job | undefined;
  #told: RunFacts = {};
  #toldProblems = '';

  constructor(run: FoundRun, { now = () => Date.now() / 1000 }: { readonly now?: () => number } = {}) {
    this.#run = run;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined): Promise<PollResult> {
    const { files, facts: configured, logName, sweep } = await this.#readJob();
    const facts = { ...configured, ...(await this.#life({ files, logName, sweep })) };
    const job = createHash('sha256').update(files.content).digest('hex').slice(0, 16);
    // Half of a configuration is no other job: only a whole one replaces what was there.
    const known = jobIn(cursor);
    const reset =
      cursor !== undefined && known !== undefined && files.config !== undefined && known !== '' && known !== job;
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    return {
      cursor: { version, job: files.config === undefined ? (known ?? '') : job },
      reset,
      more: false,
      facts: changed,
      scalars: [],
      media: [],
      problems: this.#newProblems(files),
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  /** `.hydra` is written once, so it is read again only when one of its files is another one. */
  async #readJob(): Promise<Job> {
    const { path: folder, root } = this.#run;
    const names = ['', 'config.yaml', 'hydra.yaml', 'overrides.yaml'];
    const looks = await Promise.all(names.map((name) => lookOf(path.join(folder, hydraFolder, name))));
    const look = looks.join('|');
    const files = this.#job?.look === look ? this.#job.files : await readJobFiles(folder);
    const sweep = await sweepRootOf(folder, root, isOfMany(files));
    if (this.#job?.files === files && this.#job.sweep === sweep) return this.#job;
    const facts = configFacts(folder, root, files, sweep);
    const start = facts.createdAt === undefined ? {} : { startedAt: facts.createdAt };
    this.#job = { look, files, sweep, logName: logNameOf(files), facts: { ...facts, ...start } };
    return this.#job;
  }

  async #life({ files, logName, sweep }: Pick<Job, 'files' | 'logName' | 'sweep'>): Promise<RunFacts> {
    const entries = await readdir(this.#run.path, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const listing = { ...this.#run, files: entries.filter((entry) => entry.isFile()).map(({ name }) => name), folders };
    const submission = await submissionOf(sweep, jobIdOf(files));
    const isProject = hydraPlace(listing) === 'project';
    const console = await consoleOf(this.#run.path, { own: logName, onlyOwn: isProject }, submission);
    const outputs = isProject ? [] : outputsIn(this.#run.path, new Set(folders));
    return {
      ...jobStatus({
        logs: await this.#logs(console, submission),
        outcome: await outcomeOf(submission),
        now: this.#now(),
      }),
      ...(console.length === 0 ? {} : { console }),
      ...(outputs.length === 0 ? {} : { outputs }),
    };
  }

  /** The ends of the logs that tell of the job: its own one, and what submitit caught. */
  async #logs(console: readonly ConsoleLog[], submission: Submission | undefined): Promise<readonly TextEnds[]> {
    const own = console.filter((log, index) => index === 0 || submission?.console.includes(log) === true);
    const ends = await Promise.all(own.map(({ file }) => this.#endsOf(file)));
    return ends.filter((found) => found !== undefined);
  }

  async #endsOf(file: string): Promise<TextEnds | undefined> {
    const look = await lookOf(file);
    const known = this.#ends.get(file);
    if (known?.look === look) return known.ends;
    const ends = await readTextEnds(file, undefined, known?.ends);
    if (ends !== undefined) this.#ends.set(file, { look, ends });
    return ends;
  }

  #newProblems({ problems }: JobFiles): PollResult['problems'] {
    const text = JSON.stringify(problems);
    if (text === this.#toldProblems) return [];
    this.#toldProblems = text;
    return problems;
  }
}

function jobIn(cursor: ReaderCursor | undefined): string | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const { version: found, job } = cursor as { readonly version?: unknown; readonly job?: unknown };
  return found === version && typeof job === 'string' ? job : undefined;
}

/** Something that changes when the file does; '' where there is none. */
async function lookOf(file: string): Promise<string> {
  const facts = await stat(file, { bigint: true }).catch(() => undefined);
  return facts === undefined ? '' : `${facts.ino}:${facts.size}:${facts.mtimeNs}`;
}

/** submitit pickles ("success", value) or ("error", traceback): the word stands among the first bytes, and nothing is unpickled. */
async function outcomeOf(submission: Submission | undefined): Promise<'success' | 'error' | undefined> {
  if (submission?.result === undefined) return undefined;
  const ends = await readTextEnds(submission.result, { head: 64, tail: 0 });
  return /success|error/.exec(ends?.head ?? '')?.[0] as 'success' | 'error' | undefined;
}
