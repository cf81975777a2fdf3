import { existsSync } from 'node:fs';
import path from 'node:path';
import { runFiles } from '../../domain/runDirectory.ts';
import type { SlurmSettings, SshSettings } from '../../domain/target.ts';
import { readExit, writeExit } from '../local/jobFiles.ts';
import type { AgentPresence } from '../ssh/agentCalls.ts';
import { checkpointInput } from '../ssh/checkpointInput.ts';
import { codeOfJob } from '../ssh/codeOfJob.ts';
import { Mirror, type RemotePlace } from '../ssh/mirror.ts';
import { interestingFiles } from '../ssh/mirrorRules.ts';
import { remoteCommand } from '../ssh/remoteCommand.ts';
import { withContents } from '../ssh/sendCode.ts';
import type { SshHost } from '../ssh/sshHost.ts';
import { baseFolder } from '../ssh/sshJob.ts';
import type { JobSite } from './jobSite.ts';
import type { JobFiles } from './place.ts';
import type { SlurmJob } from './slurmJob.ts';

const askMs = 60_000;
const placeMs = 300_000;
/** What of one file is fetched before the next one has its turn. */
const turnBytes = 8 * 1024 * 1024;

interface Known {
  readonly mirror: Mirror;
  generation: number;
}

/**
 * Files of a cluster that has a disk of its own: code goes to its login node by content, and small and growing files of the run come back, as the ssh
 * target does it. The login node and the nodes must see the same files.
 */
export class DistantFiles implements JobFiles {
  readonly #host: SshHost;
  readonly #settings: SshSettings;
  readonly #known = new Map<string, Known>();

  constructor(host: SshHost, { folder }: SlurmSettings) {
    this.#host = host;
    this.#settings = { kind: 'ssh', ...host.place, ...(folder === undefined ? {} : { folder }) };
  }

  async prepare({ place, record }: SlurmJob): Promise<JobSite> {
    const base = await this.#base();
    const runDirectory = this.#folder(base, place.runId);
    const job = { record, settings: this.#settings };
    const input = await checkpointInput(job, runDirectory);
    const code = await codeOfJob(job, place.directory);
    try {
      const params = {
        base,
        id: place.runId,
        inputs: input.inputs,
        ...(code.hash === undefined ? {} : { code: { hash: code.hash } }),
      };
      await withContents(this.#host, params, input.contents, code.open, async (current) => {
        const { result } = await this.#host.call('place', current, { timeoutMs: placeMs });
        return result;
      });
      const there = remoteCommand(record, this.#settings, {
        root: code.root,
        remoteRoot: `${runDirectory}/work`,
        directory: place.directory,
        remoteDirectory: runDirectory,
        inputs: input.paths,
      });
      return { runDirectory, ...there };
    } finally {
      await code.close();
    }
  }

  async send({ record }: SlurmJob, { runDirectory }: JobSite, name: string, script: string): Promise<void> {
    const write = (file: string, text: string) =>
      this.#host.call('write', { path: `${runDirectory}/${file}` }, { content: Buffer.from(text), timeoutMs: askMs });
    // Its age tells checkpoints of this launch from older ones.
    await write(runFiles.launch, `${JSON.stringify(record, undefined, 2)}\n`);
    await write(name, script);
  }

  async fetch(jobs: readonly SlurmJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const base = await this.#base();
    const asked = jobs.map((job) => ({
      id: job.place.runId,
      full: this.#of(job).generation !== this.#host.generation,
    }));
    const { result } = await this.#host.call(
      'poll',
      { base, interesting: interestingFiles, jobs: asked },
      { timeoutMs: askMs },
    );
    const skew = result.now - Date.now() / 1000;
    const answers = new Map(result.jobs.map((answer) => [answer.id, answer]));
    for (const job of jobs) {
      const answer = answers.get(job.place.runId);
      if (answer?.found === true) await this.#take(job, base, answer, skew);
    }
  }

  async tellStop({ place, stop }: SlurmJob): Promise<void> {
    if (stop === undefined) return;
    const params = { base: await this.#base(), id: place.runId, request: stop };
    await this.#host.call('stop', params, { timeoutMs: askMs });
  }

  nameHere({ place }: SlurmJob, file: string): string | undefined {
    const home = this.#host.home;
    if (home === undefined) return undefined;
    const inner = path.posix.relative(this.#folder(baseFolder(this.#settings, home), place.runId), file);
    return inner.startsWith('..') ? undefined : inner;
  }

  async remotePlace({ place }: SlurmJob): Promise<RemotePlace> {
    return { host: this.#host, folder: this.#folder(await this.#base(), place.runId) };
  }

  /** The end counts when everything that the job wrote is here. */
  async #take(job: SlurmJob, base: string, answer: AgentPresence, skew: number): Promise<void> {
    const { directory, runId } = job.place;
    if (!existsSync(directory)) return;
    const known = this.#of(job);
    known.mirror.note(answer.files);
    known.generation = this.#host.generation;
    const place = { host: this.#host, folder: this.#folder(base, runId) };
    const isComplete = await known.mirror.catchUp(place, turnBytes);
    if (answer.exit === undefined || !isComplete || readExit(directory) !== undefined) return;
    writeExit(directory, { ...answer.exit, runId, endedAt: answer.exit.endedAt - skew });
    this.#known.delete(directory);
    job.exit();
  }

  #of({ place }: SlurmJob): Known {
    const known = this.#known.get(place.directory) ?? { mirror: new Mirror(place.directory), generation: -1 };
    this.#known.set(place.directory, known);
    return known;
  }

  async #base(): Promise<string> {
    const home = this.#host.home ?? (await this.#host.call('hello', {}, { timeoutMs: askMs })).result.home;
    return baseFolder(this.#settings, home);
  }

  #folder(base: string, runId: string): string {
    return `${base}/runs/${runId}`;
  }
}
