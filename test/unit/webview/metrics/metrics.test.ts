import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunId } from '../../../../src/domain/ids.ts';
import type { RunDetail } from '../../../../src/domain/run.ts';
import { csvChunks, csvText, fileNameOf } from '../../../../webview/metrics/csv.ts';
import { initialState, parseState, stateJson } from '../../../../webview/metrics/state.ts';
import { DUPLICATES, groupOf, NO_PREFIX, SYSTEM, shortName, tagGroups } from '../../../../webview/metrics/tags.ts';
import { GeneratedSeries } from '../../../webview/host/generated.ts';

const detail = (id: string, tags: readonly string[], version?: number): RunDetail =>
  ({
    id,
    definitions:
      version === undefined
        ? []
        : [
            {
              tag: 'train/loss',
              title: 'Loss',
              unit: '',
              direction: 'minimize',
              version,
              description: '',
              primary: true,
            },
          ],
    series: tags.map((tag) => ({ tag, kind: tag === 'images' ? 'image' : 'scalar' })),
  }) as unknown as RunDetail;

test('tags are grouped by their prefix, primary metrics first, in the order in which people count', () => {
  const details = [
    detail('a', ['eval/x', 'train/layer10', 'train/layer2', 'train/loss', 'epoch', 'images'], 1),
    detail('b', ['train/loss'], 2),
  ];
  const groups = tagGroups(details, () => true);
  assert.deepEqual(
    groups.map(({ name, cards }) => [name, cards.map((card) => card.tag)]),
    [
      ['train', ['train/loss', 'train/layer2', 'train/layer10']],
      ['eval', ['eval/x']],
      [NO_PREFIX, ['epoch']],
    ],
  );
  const loss = groups[0]!.cards[0]!;
  assert.deepEqual(loss.runIds, ['a', 'b']);
  assert.deepEqual(loss.versions, [1, 2]);
  assert.equal(loss.definition?.version, 2);
  assert.equal(shortName('train/loss'), 'loss');
  assert.equal(shortName('loss/'), 'loss/');
  assert.equal(groupOf('/odd'), NO_PREFIX);
});

test('among groups with primary metrics, the one that the recipe names first comes first', () => {
  const run = detail('a', ['eval/x', 'samples/confidence', 'train/loss'], 1);
  const [loss] = run.definitions;
  const withSamples = { ...run, definitions: [loss!, { ...loss!, tag: 'samples/confidence' }] };
  assert.deepEqual(
    tagGroups([withSamples], () => true).map(({ name }) => name),
    ['train', 'samples', 'eval'],
  );
});

test('the state survives being kept, and damage costs only what is damaged', () => {
  const state = {
    ...initialState(0.6),
    axis: 'wall' as const,
    hidden: ['a'],
    window: { min: 3, max: 9 },
    styles: { a: { colour: 3, dash: 1 } },
  };
  assert.deepEqual(parseState(JSON.parse(JSON.stringify(stateJson(state))), 0), state);
  assert.deepEqual(
    parseState({ smoothing: 7, window: { min: 9, max: 3 }, styles: { a: { colour: 99, dash: 0 } }, axis: 'x' }, 0.5),
    { ...initialState(0.5), smoothing: 0.999 },
  );
  fc.assert(fc.property(fc.anything(), (kept) => assert.ok(parseState(kept, 0).hidden !== undefined)));
});

test('a CSV export holds every exact point, page by page', async () => {
  const series = new GeneratedSeries({ tag: 't', seed: 4, count: 120_000, noise: 0.3, nans: [7] });
  let pages = 0;
  const query = async (_runId: RunId, from: number, count: number) => {
    pages++;
    return series.points(from, count);
  };
  let text = '';
  for await (const chunk of csvChunks([{ runId: 'r1' as RunId, name: 'a, "b"' }], query)) text += chunk.text;
  const lines = text.trimEnd().split('\r\n');
  assert.equal(pages, 3);
  assert.equal(lines.length, 120_001);
  assert.equal(lines[0], 'run_id,run,step,wall_time,value');
  for (const i of [0, 1, 7, 49_999, 50_000, 119_999]) {
    const [, value] = /,([^,]+)$/.exec(lines[i + 1]!)!;
    assert.ok(Object.is(Number(value), series.values[i]), `point ${i}`);
    assert.ok(lines[i + 1]!.startsWith(`r1,"a, ""b""",${i},`));
  }
});

test('a series that shrinks while it is exported ends the export', async () => {
  let asked = 0;
  const empty = {
    total: 200_000,
    from: 0,
    steps: new Float64Array(),
    wallTimes: new Float64Array(),
    values: new Float64Array(),
  };
  for await (const chunk of csvChunks([{ runId: 'r' as RunId, name: 'r' }], async () => {
    asked++;
    return empty;
  }))
    assert.ok(chunk.done === 0);
  assert.equal(asked, 1);
});

test('names in CSV and of files mean no harm', () => {
  assert.equal(csvText('=1+1'), "'=1+1");
  assert.equal(csvText('plain'), 'plain');
  assert.equal(csvText('a\nb'), '"a\nb"');
  assert.equal(fileNameOf('train/loss', 'csv'), 'train_loss.csv');
  assert.equal(fileNameOf('../../etc/passwd', 'png'), 'etc_passwd.png');
  assert.equal(fileNameOf('//', 'png'), 'chart.png');
});

test('figures of the machine and tags of other logs have groups of their own behind all others', () => {
  const series = [
    ...['epoch', 'train/loss', 'gpu.0.temp'].map((tag) => ({ tag, kind: 'scalar' })),
    { tag: 'cpu', kind: 'scalar', system: true },
    { tag: 'gpu/0/utilization', kind: 'scalar', system: true },
    { tag: 'tensorboard/train/loss', kind: 'scalar', duplicate: true },
  ];
  const of = (id: string, given: readonly object[]) => ({ id, definitions: [], series: given }) as unknown as RunDetail;
  // Where a run logs the same tag as a metric of its own, it is no figure of the machine.
  const groups = tagGroups([of('a', series), of('b', [{ tag: 'cpu', kind: 'scalar' }])], () => true);
  assert.deepEqual(
    groups.map(({ name, cards }) => [name, cards.map((card) => card.tag)]),
    [
      ['train', ['train/loss']],
      [NO_PREFIX, ['cpu', 'epoch', 'gpu.0.temp']],
      [SYSTEM, ['gpu/0/utilization']],
      [DUPLICATES, ['tensorboard/train/loss']],
    ],
  );
  assert.equal(groups[2]!.cards[0]!.isSystem, true);
  assert.deepEqual(initialState(0).closedGroups, [SYSTEM, DUPLICATES]);
  assert.deepEqual(parseState({ closedGroups: [] }, 0).closedGroups, []);
});
