// The batch script of a job, run by bash itself with what SLURM would set; `scontrol` is a recorder on PATH. Needs no SLURM.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { EntryPoint } from '../../../src/domain/entryPoint.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { LaunchRecord } from '../../../src/domain/launch.ts';
import type { ExitFile } from '../../../src/domain/runDirectory.ts';
import type { SlurmSettings } from '../../../src/domain/target.ts';
import { jobScript } from '../../../src/launch/slurm/jobScript.ts';
import { python } from './runs.ts';

interface Options {
  readonly settings?: Partial<SlurmSettings>;
  readonly entry?: Partial<EntryPoint>;
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
}

describe('the batch script', () => {
  let folder = '';
  let run = '';

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "job script's 100% "));
    run = path.join(folder, 'run');
    mkdirSync(run);
    writeFileSync(path.join(run, 'launch.json'), '{}');
    writeFileSync(
      path.join(folder, 'scontrol'),
      `#!/bin/sh\necho "$@" >>'${folder.replaceAll("'", "'\\''")}/asked'\nexit 1\n`,
      { mode: 0o755 },
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function start(command: readonly string[], { settings, entry, env, cwd = folder }: Options = {}): ChildProcess {
    const slurm = { kind: 'slurm', ...settings } as const;
    const record = {
      format: 1,
      id: '01TEST' as RunId,
      requestId: 'r',
      name: 'my-run',
      recipe: '',
      createdAt: 0,
      command,
      cwd,
      env: {},
      device: 'cpu',
      overrides: [],
      dirty: false,
      labels: [],
      commandLaunch: {
        request: { requestId: 'r', folder, arguments: [], target: { name: 't' } },
        target: { name: 't', settings: slurm },
        snapshot: [],
        entry: { resume: undefined, takes: 'arguments', ...entry } as unknown as EntryPoint,
      },
    } satisfies LaunchRecord;
    const file = path.join(run, 'slurm-job.sh');
    writeFileSync(
      file,
      jobScript({
        record,
        settings: slurm,
        options: ['--mem=1', '--comment=a b'],
        site: { runDirectory: run, command, cwd, env: {} },
      }),
    );
    return spawn('bash', [file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}`, SLURM_JOB_ID: '7', ...env },
    });
  }

  async function ended(child: ChildProcess): Promise<{ code: number | null; text: string }> {
    const parts: Buffer[] = [];
    child.stdout?.on('data', (part: Buffer) => parts.push(part));
    child.stderr?.on('data', (part: Buffer) => parts.push(part));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, text: Buffer.concat(parts).toString() };
  }

  const exit = () => JSON.parse(readFileSync(path.join(run, 'exit.json'), 'utf8')) as ExitFile;
  const untilThere = async (name: string) => {
    while (!existsSync(path.join(folder, name))) await delay(20);
  };
  /** Says when it is ready, does something at a signal, and then leaves with a code. */
  const waiting = (signal: string, code: number) =>
    python(`import signal, sys, time
signal.signal(signal.${signal}, lambda *_: sys.exit(${code}))
open("up", "w").close()
time.sleep(30)`);

  test('hands any list of arguments on as it is', async () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
    const odd = fc.constantFrom(
      "'",
      '"',
      '$(touch pwned)',
      '`id`',
      '\n',
      '\\',
      '!',
      '*',
      '~',
      '',
      ' ',
      '-n',
      '[0]=x',
      'a=b',
      '{checkpoint}',
      '#',
    );
    const show = ['bash', '-c', 'for word in "$@"; do printf "%s\\0" "$word"; done >argv', 'bash'];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(word, odd), { maxLength: 12 }), async (words) => {
        rmSync(path.join(run, 'slurm-claim'), { force: true });
        const { code, text } = await ended(start([...show, ...words]));
        assert.equal(code, 0, text);
        const bytes = readFileSync(path.join(folder, 'argv'));
        assert.deepEqual(bytes, Buffer.from(words.map((one) => `${one}\0`).join('')));
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(readdirSync(folder).sort(), ['argv', 'run', 'scontrol']);
  });

  test('says what cannot start: no folder, no program, a stop before the start', async () => {
    assert.equal((await ended(start(['true'], { cwd: path.join(folder, 'gone') }))).code, 127);
    assert.match(exit().error ?? '', /working directory/);
    assert.equal((await ended(start(['no such program']))).code, 127);
    assert.equal(exit().code, 127);
    writeFileSync(path.join(run, 'stop.json'), '{}');
    assert.equal((await ended(start(['touch', 'started']))).code, 130);
    assert.equal(exit().stopRequested, true);
    assert.equal(existsSync(path.join(folder, 'started')), false);
  });

  test('takes the run for its job; another job leaves, the same one may come again', async () => {
    await ended(start(['sh', '-c', 'exit 3']));
    const other = await ended(start(['touch', 'started'], { env: { SLURM_JOB_ID: '8' } }));
    assert.match(other.text, /job 8 leaves: the run belongs to job 7/i);
    assert.equal(other.code, 0);
    assert.equal(exit().code, 3);
    await ended(start(['sh', '-c', 'exit 4'], { env: { SLURM_RESTART_COUNT: '1' } }));
    assert.equal(exit().code, 4);
    assert.equal(existsSync(path.join(folder, 'started')), false);
  });

  test("goes through the user's own lines, whatever they set", async () => {
    const { text } = await ended(
      start(['sh', '-c', 'echo "$GREETING"; exit 6'], {
        settings: { setup: ['set -eu', 'export GREETING="hello $((1 + 1))"'] },
      }),
    );
    assert.match(text, /hello 2/);
    assert.equal(exit().code, 6);
  });

  test('SIGINT is a stop: the program gets it, and its code is the end', async () => {
    const child = start(waiting('SIGINT', 42));
    const end = ended(child);
    await untilThere('up');
    child.kill('SIGINT');
    assert.equal((await end).code, 42);
    assert.deepEqual([exit().code, exit().stopRequested], [42, true]);
  });

  test("SIGTERM is SLURM's own end: no verdict, since the job may come back", async () => {
    const child = start(['sh', '-c', 'touch up; sleep 0.5; exit 9']);
    const end = ended(child);
    await untilThere('up');
    child.kill('SIGTERM');
    await end;
    assert.equal(existsSync(path.join(run, 'exit.json')), false);
    assert.equal((JSON.parse(readFileSync(path.join(run, 'slurm-term.json'), 'utf8')) as ExitFile).code, 9);
  });

  test('a warned program is queued again where it kept a checkpoint, and ended where it did not or somebody wants its end', async () => {
    const resumable = { settings: { warnSeconds: 30 }, entry: { resume: ['--resume'] } };
    const cases: readonly (readonly [readonly string[], Options, boolean])[] = [
      [waiting('SIGUSR1', 0), resumable, true],
      [waiting('SIGUSR1', 85), { settings: { warnSeconds: 30 } }, true],
      [waiting('SIGUSR1', 0), { settings: { warnSeconds: 30 } }, false],
      [waiting('SIGUSR1', 1), resumable, false],
      [waiting('SIGUSR1', 85), { settings: { warnSeconds: 30, requeue: false } }, false],
    ];
    for (const [command, options, isAsked] of cases) {
      for (const name of ['up', 'asked', 'run/slurm-claim']) rmSync(path.join(folder, name), { force: true });
      const child = start(command, options);
      const end = ended(child);
      await untilThere('up');
      child.kill('SIGUSR1');
      await end;
      assert.equal(existsSync(path.join(folder, 'asked')), isAsked, JSON.stringify(options));
      if (isAsked) assert.equal(readFileSync(path.join(folder, 'asked'), 'utf8'), 'requeue 7\n');
    }
  });

  test('a second start goes on from the newest checkpoint, quoted as Hydra wants it', async () => {
    const checkpoints = path.join(run, 'checkpoints');
    mkdirSync(checkpoints);
    writeFileSync(path.join(checkpoints, 'old.ckpt'), 'x');
    await delay(20);
    writeFileSync(path.join(checkpoints, "epoch=3's.ckpt"), 'x');
    const show = python('import sys; open("argv", "w").write(sys.argv[1])');
    await ended(
      start(show, { entry: { resume: ['ckpt_path={checkpoint}'], takes: 'hydra' }, env: { SLURM_RESTART_COUNT: '1' } }),
    );
    const quoted = `${checkpoints}/epoch=3's.ckpt`.replaceAll("'", "\\'");
    assert.equal(readFileSync(path.join(folder, 'argv'), 'utf8'), `ckpt_path='${quoted}'`);
    await ended(start(show, { entry: { resume: ['--from', '{checkpoint}'] }, env: { SLURM_RESTART_COUNT: '1' } }));
    assert.equal(readFileSync(path.join(folder, 'argv'), 'utf8'), '--from');
    await ended(start([...show, 'alone'], { entry: { resume: ['resume=true'] } }));
    assert.equal(readFileSync(path.join(folder, 'argv'), 'utf8'), 'alone');
  });

  test("a checkpoint outside the run directory is taken only where its name or folder is the run's", async () => {
    const theirs = path.join(folder, 'out', 'other');
    const ours = path.join(folder, 'out', 'my-run');
    mkdirSync(theirs, { recursive: true });
    mkdirSync(ours, { recursive: true });
    // A checkpoint counts when it is younger than the launch, by the clock of the file system.
    await delay(20);
    writeFileSync(path.join(ours, 'last.pt'), 'x');
    await delay(20);
    writeFileSync(path.join(theirs, 'last.pt'), 'x');
    const show = python('import sys; open("argv", "w").write(" ".join(sys.argv[1:]))');
    await ended(start(show, { entry: { resume: ['{checkpoint}'] }, env: { SLURM_RESTART_COUNT: '2' } }));
    assert.equal(readFileSync(path.join(folder, 'argv'), 'utf8'), path.join(ours, 'last.pt'));
  });
});
