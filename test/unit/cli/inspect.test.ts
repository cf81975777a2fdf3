import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {
  event,
  metadata,
  scalarV1,
  summary,
  temporaryFolder,
  tensor,
  value,
  version,
} from '../readers/support/events.ts';
import { bytes } from '../readers/support/proto.ts';
import { trainyard } from './support.ts';

const fileName = 'events.out.tfevents.1700000000.host';

function writeLog(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const text = value('note', tensor(7, [1], bytes(8, 'hello')), metadata('text'));
  const values = [2.5, Number.NaN, -1, Number.POSITIVE_INFINITY];
  const scalars = values.map((each, index) =>
    scalarV1(1_700_000_000 + index, [1, 2, 2, 1][index]!, 'train/loss', each),
  );
  const file = path.join(folder, fileName);
  writeFileSync(
    file,
    Buffer.concat([
      version(),
      ...scalars,
      scalarV1(1_700_000_010, 1, 'bad', Number.NEGATIVE_INFINITY),
      event(1_700_000_011, 3, summary(text)),
    ]),
  );
  return file;
}

const golden = {
  status: 'unknown',
  statusReason: 'Last event 2023-11-14 22:13:31 UTC. Event files do not say whether a run has ended.',
  startedAt: 1_700_000_000,
  endedAt: null,
  config: {},
  tags: {
    'train/loss': {
      kind: 'scalar',
      count: 4,
      firstStep: 1,
      lastStep: 1,
      firstValue: 2.5,
      lastValue: 'Infinity',
      min: -1,
      max: 2.5,
      nonFinite: 2,
    },
    bad: {
      kind: 'scalar',
      count: 1,
      firstStep: 1,
      lastStep: 1,
      firstValue: '-Infinity',
      lastValue: '-Infinity',
      min: null,
      max: null,
      nonFinite: 1,
    },
    note: {
      kind: 'text',
      count: 1,
      firstStep: 3,
      lastStep: 3,
      firstValue: null,
      lastValue: null,
      min: null,
      max: null,
      nonFinite: 0,
    },
  },
};

/** What stands behind the keys of the first version where a source says nothing of it. */
const unknownHere = {
  ...{ key: null, project: null, group: null, trackerId: null, host: null, command: null, cwd: null, commit: null },
  ...{ summary: {}, restarts: [], labels: [], note: null, configFiles: [], console: [], outputs: [] },
  ...{ artifacts: [], problems: [] },
};
const addedKeys = [
  ...['key', 'project', 'group', 'trackerId', 'createdAt', 'host', 'command', 'cwd', 'commit', 'summary', 'restarts'],
  ...['labels', 'note', 'sources', 'configFiles', 'console', 'outputs', 'artifacts', 'media', 'problems'],
];

test('inspect gives the documented shape for a file, a run and a folder of runs', async (context) => {
  const root = temporaryFolder(context);
  const file = writeLog(path.join(root, 'logs', 'a'));
  writeLog(path.join(root, 'logs', 'b'));
  const inspect = async (target: string): Promise<unknown> => {
    const { code, stdout, stderr } = await trainyard(['inspect', target, '--json'], { cwd: root });
    assert.deepEqual([code, stderr], [0, '']);
    return JSON.parse(stdout);
  };
  const run = (name: string, where: string, folder = where): unknown => ({
    ...{
      name,
      source: 'tensorboard',
      path: where,
      ...golden,
      ...unknownHere,
      createdAt: golden.startedAt,
      host: 'host',
    },
    sources: [{ source: 'tensorboard', path: folder, why: '', tags: 3 }],
    media: [
      {
        ...{ tag: 'note', kind: 'text', step: 3, wallTime: 1_700_000_011, index: 0, mime: 'text/markdown' },
        ...{ file: fileName, offset: 318, length: 5 },
      },
    ],
  });
  assert.deepEqual(await inspect(file), { runs: [run('a', file, path.dirname(file))] });
  assert.deepEqual(await inspect('logs/a'), { runs: [run('a', path.join(root, 'logs/a'))] });
  assert.deepEqual(await inspect('.'), {
    runs: ['a', 'b'].map((name) => run(`logs/${name}`, path.join(root, 'logs', name))),
  });
});

test('inspect reads a run directory of the trainer', async (context) => {
  const root = temporaryFolder(context);
  const folder = path.join(root, 'digits-1');
  writeLog(folder);
  writeFileSync(
    path.join(folder, 'launch.json'),
    JSON.stringify({ id: 'x', name: 'digits-1', recipe: 'meanflow', createdAt: 1 }),
  );
  writeFileSync(path.join(folder, 'config.yaml'), 'recipe: meanflow\nseed: 3\n');
  writeFileSync(
    path.join(folder, 'exit.json'),
    JSON.stringify({ runId: 'x', code: null, signal: 'SIGKILL', endedAt: 1_700_000_099, stopRequested: false }),
  );
  const { code, stdout } = await trainyard(['inspect', folder, '--json']);
  assert.equal(code, 0);
  const [run] = (JSON.parse(stdout) as { runs: (typeof golden & { name: string; source: string })[] }).runs;
  assert.deepEqual(Object.keys(run!), [
    'name',
    'source',
    'path',
    'status',
    'statusReason',
    'startedAt',
    'endedAt',
    'config',
    'tags',
    ...addedKeys,
  ]);
  assert.deepEqual(
    [run!.name, run!.source, run!.status, run!.endedAt, run!.config],
    ['digits-1', 'trainyard', 'killed', 1_700_000_099, { recipe: 'meanflow', seed: 3 }],
  );
  assert.deepEqual(run!.tags['train/loss'], golden.tags['train/loss']);
});

test('inspect prints a table for people, and says damage beside it', async (context) => {
  const root = temporaryFolder(context);
  const file = writeLog(root);
  const content = readFileSync(file);
  content[60]! ^= 1;
  writeFileSync(file, content);
  const { code, stdout, stderr } = await trainyard(['inspect', file]);
  assert.equal(code, 0);
  assert.match(stdout, /train\/loss {2,}scalar {2,}3 /);
  assert.match(stderr, /^.*tfevents.*, byte 40: The checksum of this record is wrong/);
});

test('bad input ends with one clear line and another exit code than 0', async (context) => {
  const root = temporaryFolder(context);
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(path.join(root, name), content);
    return path.join(root, name);
  };
  const cases: readonly (readonly [args: readonly string[], code: number, line: RegExp])[] = [
    [[path.join(root, 'none')], 1, /There is no file or folder .*none\./],
    [
      [file('notes.txt', 'hello there, this is text')],
      1,
      /notes\.txt is no log, database or registry that is known here\. Give a file that a tracker wrote/,
    ],
    [
      [file(`rubbish.${fileName}`, Buffer.alloc(500, 7))],
      1,
      /has the name of one of TensorBoard event files, but nothing in it can be read as such/,
    ],
    [[], 2, /Give the path of a file or folder\./],
    [[root, root], 2, /one argument too many/],
    [[root, '--nonsense'], 2, /Unknown option '--nonsense'\./],
  ];
  for (const [args, expected, line] of cases) {
    const { code, stdout, stderr } = await trainyard(['inspect', ...args, '--json']);
    assert.deepEqual([code, stdout], [expected, ''], args.join(' '));
    assert.match(stderr, line);
    assert.match(stderr, /^trainyard: [^\n]+\n$/);
  }
});

test('an event file that was made a moment ago, or is cut in its first record, is a run without tags', async (context) => {
  const root = temporaryFolder(context);
  for (const content of [Buffer.alloc(0), version().subarray(0, 7), version().subarray(0, 30)]) {
    writeFileSync(path.join(root, fileName), content);
    const { code, stdout } = await trainyard(['inspect', path.join(root, fileName), '--json']);
    assert.equal(code, 0);
    assert.deepEqual(
      (JSON.parse(stdout) as { runs: { tags: unknown }[] }).runs.map(({ tags }) => tags),
      [{}],
    );
  }
});

test('a folder without runs gives an empty list', async (context) => {
  const root = temporaryFolder(context);
  const { code, stdout } = await trainyard(['inspect', root, '--json']);
  assert.deepEqual([code, JSON.parse(stdout)], [0, { runs: [] }]);
});
