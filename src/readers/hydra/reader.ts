import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ConsoleLog, FoundRun, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readTextEnds, type TextEnds } from '../files/textEnds.ts';
import type { RunReader } from '../format.ts';
import { consoleOf, type Submission, submissionOf } from './console.ts';
import { configFacts, isOfMany, jobIdOf, jobNameOf, outputsIn } from './facts.ts';
import { type JobFiles, readJobFiles } from './jobFiles.ts';
import { hydraPlace, sweepRootOf } from './places.ts';
import { jobStatus } from './status.ts';

const version = 1;

/** Reads a job's folder: configuration and console. It has no rows; those are in the logs of whatever logger the program used. */
export class HydraReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #ends = new Map<string, { readonly look: string; readonly ends: TextEnds }>();
  #job: { readonly look: string; readonly files: JobFiles } | undefined;
  #told: RunFacts = {};
  #toldProblems = '';

  constructor(run: FoundRun, { now = () => Date.now() / 1000 }: { readonly now?: () => number } = {}) {
    this.#run = run;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined): Promise<PollResult> {
    const files = await this.#jobFiles();
    const sweep = await sweepRootOf(this.#run.path, this.#run.root, isOfMany(files));
    const configured = configFacts(this.#run.path, this.#run.root, files, sweep);
    const { createdAt } = configured;
    const start = createdAt === undefined ? {} : { startedAt: createdAt };
    const facts = { ...configured, ...start, ...(await this.#life(files, sweep)) };
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
  async #jobFiles(): Promise<JobFiles> {
    const folder = path.join(this.#run.path, '.hydra');
    const looks = await Promise.all(
      ['', 'config.yaml', 'hydra.yaml', 'overrides.yaml'].map((name) => lookOf(path.join(folder, name))),
    );
    const look = looks.join('|');
    if (this.#job?.look !== look) this.#job = { look, files: await readJobFiles(this.#run.path) };
    return this.#job.files;
  }

  async #life(files: JobFiles, sweep: string | undefined): Promise<RunFacts> {
    const entries = await readdir(this.#run.path, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const listing = { ...this.#run, files: entries.filter((entry) => entry.isFile()).map(({ name }) => name), folders };
    const submission = await submissionOf(sweep, jobIdOf(files));
    const isProject = hydraPlace(listing) === 'project';
    const console = await consoleOf(this.#run.path, { jobName: jobNameOf(files), onlyOwn: isProject }, submission);
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
    const ends = await readTextEnds(file);
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
