import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { diagnose, type Ending } from '../../../src/domain/diagnosis.ts';
import type { FailureKind } from '../../../src/domain/failure.ts';
import { parseTracebacks } from '../../../src/domain/traceback.ts';

let folder: string;
const hasPython = spawnSync('python3', ['--version']).status === 0;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tracebacks-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function ending(output: string, more: Partial<Ending> = {}): Ending {
  return { exitCode: 1, detail: 'exit code 1', stopRequested: false, output, ...more };
}

/** What the real interpreter prints for a program of ours that calls into an "installed" package. */
function python(script: string, library = 'def call(f): return f()\n'): Ending {
  const packages = path.join(folder, 'lib', 'site-packages');
  mkdirSync(packages, { recursive: true });
  writeFileSync(path.join(packages, 'library.py'), library);
  writeFileSync(path.join(folder, 'train.py'), script);
  const env = { ...process.env, PYTHONPATH: packages };
  const { stdout, stderr, status } = spawnSync('python3', ['train.py'], { cwd: folder, encoding: 'utf8', env });
  return ending(stdout + stderr, { exitCode: status ?? 1 });
}

const skip = hasPython ? false : 'python3 is not here';

test("the innermost place in the user's own code is named, not that of the package it called", { skip }, () => {
  const failure = diagnose(
    python(
      'import library\ndef step():\n    library.boom(3)\nstep()\n',
      'def boom(n):\n    raise ValueError(f"bad {n}")\n',
    ),
  );
  assert.deepEqual([failure.kind, failure.message, failure.line], ['error', 'ValueError: bad 3', 3]);
  assert.ok(failure.file?.endsWith('train.py'));
  assert.equal(failure.signature, 'error: ValueError: bad # at train.py step');
});

test('real endings of Python programs get their kinds', { skip }, () => {
  const scripts: readonly (readonly [FailureKind, string])[] = [
    ['import-error', 'import no_such_package_of_ours'],
    ['data', "open('/no/such/data.jsonl')"],
    ['disk-full', 'import errno, os\nraise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "last.pt")'],
    ['oom', 'raise MemoryError()'],
    ['interrupted', 'raise KeyboardInterrupt()'],
    ['nan', 'raise ValueError("The loss returned in `training_step` is nan.")'],
    [
      'bad-config',
      'import argparse\np = argparse.ArgumentParser()\np.add_argument("--lr")\np.parse_args(["--rl", "1"])',
    ],
    ['error', 'def f(:\n  pass'],
    ['error', 'assert 1 == 2, "shapes (3, 4) and (4, 5)"'],
  ];
  for (const [kind, script] of scripts) assert.equal(diagnose(python(script)).kind, kind, script);
  const syntax = diagnose(python('def f(:\n  pass'));
  assert.match(syntax.message, /SyntaxError/);
  const chained = diagnose(python('try:\n    {}["lr"]\nexcept KeyError as e:\n    raise RuntimeError("no lr") from e'));
  assert.deepEqual([chained.message, chained.line], ['RuntimeError: no lr', 4]);
});

test('two runs out of memory have one signature, also with other sizes and addresses; another place is another one', () => {
  const oom = (size: number, name = 'forward', line = 41) =>
    diagnose(
      ending(
        [
          'Epoch 0:  12%|█▏        | 3/25',
          "Error executing job with overrides: ['model=dit_xl']",
          'Traceback (most recent call last):',
          '  File "/home/u/lab/train.py", line 12, in main',
          '    loss = model(batch)',
          `  File "/home/u/lab/model.py", line ${line}, in ${name}`,
          '    return self.attention(x)',
          '           ^^^^^^^^^^^^^^^^^',
          '  File "/home/u/lab/.venv/lib/python3.11/site-packages/torch/nn/modules/module.py", line 1511, in _call_impl',
          '    return forward_call(*args, **kwargs)',
          `torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate ${size} MiB. GPU 0 has a total capacity of 39.39 GiB`,
          '',
          'Set the environment variable HYDRA_FULL_ERROR=1 for a complete stack trace.',
        ].join('\n'),
      ),
    );
  assert.deepEqual([oom(20).kind, oom(20).file, oom(20).line], ['oom', '/home/u/lab/model.py', 41]);
  assert.equal(oom(20).signature, oom(512, 'forward', 43).signature);
  assert.notEqual(oom(20).signature, oom(20, 'decode').signature);
});

test('of a torchrun the exception of the rank counts, not the messenger that ends the output', () => {
  const failure = diagnose(
    ending(
      [
        '[rank1]: Traceback (most recent call last):',
        '[rank1]:   File "/lab/train.py", line 7, in <module>',
        '[rank1]:     main()',
        "[rank1]: KeyError: 'input_ids'",
        'Traceback (most recent call last):',
        '  File "/lab/.venv/bin/torchrun", line 8, in <module>',
        '    sys.exit(main())',
        '  File "/lab/.venv/lib/python3.11/site-packages/torch/distributed/launcher/api.py", line 268, in launch_agent',
        '    raise ChildFailedError(',
        'torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ',
        '============================================================',
      ].join('\n'),
    ),
  );
  assert.deepEqual([failure.message, failure.file, failure.line], ["KeyError: 'input_ids'", '/lab/train.py', 7]);
});

test('lines that are no exception are understood where they are known', () => {
  const lines: readonly (readonly [FailureKind, string])[] = [
    [
      'oom',
      'slurmstepd: error: Detected 1 oom_kill event in StepId=12.batch. Some of the step tasks have been OOM Killed.',
    ],
    ['time-limit', 'slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***'],
    ['pre-empted', 'slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***'],
    [
      'node-failure',
      '[rank0]:[E ProcessGroupNCCL.cpp:523] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7)',
    ],
    ['bad-config', "Could not override 'model.foo'."],
    ['bad-config', 'train.py: error: unrecognized arguments: --rl'],
    ['killed', 'train.sh: line 3: 4711 Killed                  python train.py'],
    ['oom', 'RuntimeError: DataLoader worker (pid 4711) is killed by signal: Killed.'],
    ['error', 'fatal: not a git repository'],
  ];
  for (const [kind, line] of lines) assert.equal(diagnose(ending(`start\n${line}\nbye\n`)).kind, kind, line);
});

test('a healthy log is not misread: values that are not finite and missing optional files were only mentioned', () => {
  const failure = diagnose(ending('step 1 loss nan\nNo such file or directory: cache, going on\nstep 2 loss 0.5\n'));
  assert.deepEqual([failure.kind, failure.message], ['error', 'step 2 loss 0.5']);
});

test('words of the scheduler, a request to stop, our own trainer and signals', () => {
  const kind = (more: Partial<Ending>) => diagnose(ending('', more)).kind;
  assert.equal(kind({ detail: 'SLURM 4711: TIMEOUT' }), 'time-limit');
  assert.equal(kind({ detail: 'SLURM 4711: PREEMPTED' }), 'pre-empted');
  assert.equal(kind({ detail: 'SLURM 4711: NODE_FAIL' }), 'node-failure');
  assert.equal(kind({ detail: 'SLURM 4711: OUT_OF_MEMORY' }), 'oom');
  assert.equal(kind({ stopRequested: true, exitCode: 130 }), 'interrupted');
  assert.equal(kind({ error: { code: 'diverged', message: 'The loss is NaN at step 7.' } }), 'nan');
  assert.equal(kind({ exitCode: 137 }), 'killed');
  const { exitCode: _, ...none } = ending('', { detail: 'The process is gone.' });
  assert.equal(diagnose({ ...none, signal: 'SIGKILL' }).kind, 'killed');
  assert.deepEqual(diagnose(none), {
    kind: 'unknown',
    message: 'The process is gone.',
    signature: 'unknown: The process is gone.',
  });
});

test('an output that is cut in the middle of a traceback gives what is there', () => {
  const whole = 'x\nTraceback (most recent call last):\n  File "/a/b.py", line 3, in f\n    g()\nValueError: no\n';
  for (let cut = 0; cut <= whole.length; cut++) {
    const failure = diagnose(ending(whole.slice(0, cut)));
    assert.ok(failure.signature !== '');
  }
  assert.equal(parseTracebacks(whole.slice(0, 60))[0]?.exception, '');
});

test('what our trainer said to do is kept beside its reason', () => {
  const error = { code: 'out-of-memory', message: 'It needs 9 GB.', hint: 'Set batchSize to 4.' } as const;
  const failure = diagnose(ending('', { error }));
  assert.deepEqual([failure.kind, failure.message, failure.hint], ['oom', 'It needs 9 GB.', 'Set batchSize to 4.']);
  assert.equal(diagnose(ending('', { error: { code: 'bad-data', message: 'Gone.' } })).hint, undefined);
});
