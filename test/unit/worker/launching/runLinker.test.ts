import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Emitter } from '../../../../src/base/emitter.ts';
import { ulid } from '../../../../src/base/ulid.ts';
import type { JobId, RunId } from '../../../../src/domain/ids.ts';
import type { Job } from '../../../../src/domain/job.ts';
import type { LaunchRecord } from '../../../../src/domain/launch.ts';
import { readLinks } from '../../../../src/readers/index.ts';
import type { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { RunLinker } from '../../../../src/worker/launching/linking/runLinker.ts';
import type { RunCatalog } from '../../../../src/worker/runs/runCatalog.ts';
import { temporaryFolder } from '../../readers/support/events.ts';
import { eventually } from '../testWorker.ts';
import { pool, trackio } from './linkingLab.ts';

/** A queue that the test writes by hand, the linker that follows it, and the directories of its runs. */
class Lab {
  readonly folder: string;
  readonly #changed = new Emitter<readonly Job[]>();
  readonly #found = new Map<RunId, string>();
  #jobs: readonly Job[] = [];

  constructor(context: TestContext) {
    this.folder = temporaryFolder(context);
  }

  add(name: string, more: Partial<Job>, command: readonly string[] = ['python3', 'train.py']): Job {
    const id = ulid();
    const directory = path.join(this.folder, 'runs', name);
    const record = {
      id: id as RunId,
      command,
      cwd: this.folder,
      overrides: [],
      commandLaunch: { request: { folder: this.folder } },
    } as unknown as LaunchRecord;
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'launch.json'), JSON.stringify(record));
    this.#found.set(record.id, directory);
    const job = { id: id as JobId, runId: record.id, runName: name, target: 'slurm', ...more } as Job;
    this.#jobs = [...this.#jobs, job];
    return job;
  }

  tell(): void {
    this.#changed.fire(this.#jobs);
  }

  linker(context: TestContext): RunLinker {
    const jobs = () => this.#jobs;
    const linker = new RunLinker({
      scheduler: {
        onChanged: this.#changed.event,
        get jobs() {
          return jobs();
        },
      } as unknown as Scheduler,
      catalog: {
        all: () => [],
        at: () => undefined,
        get: (id: RunId) => ({ found: { source: 'trainyard', path: this.directory(id), root: this.folder, name: id } }),
      } as unknown as RunCatalog,
      pool,
      hides: () => false,
      excludedIn: () => [],
      onLinked: () => {},
      complain: (message) => assert.fail(message),
    });
    context.after(() => linker.dispose());
    return linker;
  }

  directory(id: RunId): string {
    return this.#found.get(id) ?? assert.fail(`there is no run ${id}`);
  }

  async linksOf({ runId }: Job): Promise<readonly string[]> {
    const links = await readLinks(this.directory(runId));
    return links.map(({ path: place, only, key }) =>
      path.join(path.relative(this.folder, place), only ?? '', key ?? ''),
    );
  }
}

const ago = (seconds: number) => Date.now() / 1000 - seconds;

test('a job of which only the end is heard, long after it, gets the runs that name it or its command', async (context) => {
  const lab = new Lab(context);
  lab.linker(context).start();
  const times = { submittedAt: ago(400), startedAt: ago(300), endedAt: ago(120) };
  const first = lab.add('one', { state: 'done', ...times }, ['python3', 'train.py', 'lr=0.1']);
  const second = lab.add('two', { state: 'done', ...times }, ['python3', 'train.py', 'lr=0.2']);
  trackio(path.join(lab.folder, 'trackio', 'lab.db'), {
    'calm-lake-1': { age: 200, config: { job: { run: first.runId } } },
    'calm-lake-2': { age: 199, config: { lr: 0.2 } },
    'calm-lake-3': { age: 60, config: { lr: 0.1, job: { run: first.runId } } },
  });
  lab.tell();
  await eventually(async () => (await lab.linksOf(first)).length + (await lab.linksOf(second)).length > 1);
  assert.deepEqual(await lab.linksOf(first), ['trackio/lab.db/calm-lake-1'], 'what began after its end is not its');
  assert.deepEqual(await lab.linksOf(second), ['trackio/lab.db/calm-lake-2']);
});

test('an output folder of Hydra is that of the job that was at work when it was made, not of one that had ended, with the same overrides', async (context) => {
  const lab = new Lab(context);
  const output = path.join(lab.folder, 'outputs', 'today', '.hydra');
  mkdirSync(output, { recursive: true });
  writeFileSync(path.join(output, 'overrides.yaml'), '[]\n');
  const earlier = lab.add('early', { state: 'done', submittedAt: ago(400), startedAt: ago(300), endedAt: ago(120) });
  const job = lab.add('late', { state: 'done', submittedAt: ago(90), startedAt: ago(60), endedAt: ago(0) });
  lab.linker(context).start();
  await eventually(async () => (await lab.linksOf(job)).length > 0);
  assert.deepEqual(await lab.linksOf(job), ['outputs/today']);
  assert.deepEqual(await lab.linksOf(earlier), []);
});

test('processes that a cluster’s daemon on this machine started are found by the run in their environment, while they live', async (context) => {
  if (process.platform !== 'linux') return context.skip('environments of processes are read on Linux only');
  const lab = new Lab(context);
  const job = lab.add('node', { state: 'running', submittedAt: ago(5), startedAt: ago(2) });
  const other = lab.add('other', { state: 'running', submittedAt: ago(5), startedAt: ago(2) });
  const file = path.join(lab.folder, 'logs', 'a', 'events.out.tfevents.1.host');
  mkdirSync(path.dirname(file), { recursive: true });
  const script = `require('fs').openSync(${JSON.stringify(file)}, 'w'); console.log('open'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    env: { ...process.env, TRAINYARD_RUN_ID: job.runId },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  lab.linker(context).start();
  await eventually(async () => (await lab.linksOf(job)).length > 0);
  const [link] = await readLinks(lab.directory(job.runId));
  assert.deepEqual(await lab.linksOf(job), ['logs/a']);
  assert.match(link?.evidence ?? '', /process has logs\/a\/events\.out\.tfevents\.1\.host open/);
  assert.deepEqual(await lab.linksOf(other), []);
});
