import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { openEventFile, SeriesSummary } from '../../../src/readers/index.ts';
import { corpus, eventFilesBelow, readTruth, withoutCorpus } from './support/corpus.ts';
import { runAt } from './support/events.ts';

interface TagTruth {
  readonly count: number;
  readonly first_step: number;
  readonly last_step: number;
  readonly first_wall: number;
  readonly last_wall: number;
  readonly plugin: string;
  readonly storage: string;
  readonly scalar?: boolean;
  readonly first_value?: number;
  readonly last_value?: number;
  readonly min_value?: number;
  readonly max_value?: number;
  readonly nan_count?: number;
}

interface FileTruth {
  readonly bad_crc: number;
  readonly file_bytes: number;
  readonly first_wall_time: number;
  readonly last_wall_time: number;
  readonly tags: { readonly [tag: string]: TagTruth };
}

const kinds: { readonly [plugin: string]: string } = {
  images: 'image',
  text: 'text',
  histograms: 'histogram',
  audio: 'audio',
};
const storageKinds: { readonly [storage: string]: string } = { histo: 'histogram', image: 'image', audio: 'audio' };

const truths = withoutCorpus
  ? new Map<string, FileTruth>()
  : new Map([
      ...entries('tensorboard', readTruth('tensorboard', 'truth.json')),
      ...entries('tensorboard_made', readTruth('tensorboard_made', 'truth.json')),
      ...entries(
        'truncated',
        readTruth<{ tfevents: { [file: string]: FileTruth } }>('truncated', 'truth.json').tfevents,
      ),
    ]);

function entries(folder: string, files: { readonly [file: string]: FileTruth }): [string, FileTruth][] {
  return Object.entries(files).map(([file, truth]) => [path.join(corpus, folder, file), truth]);
}

test('every event file of the corpus has its truth', { skip: withoutCorpus }, () => {
  const found = ['tensorboard', 'tensorboard_made', 'truncated'].flatMap((folder) =>
    eventFilesBelow(path.join(corpus, folder)),
  );
  assert.ok(found.length >= 11);
  assert.deepEqual(found.toSorted(), [...truths.keys()].toSorted());
});

for (const [file, truth] of truths) {
  test(`${path.relative(corpus, file)} gives its truth`, async () => {
    const reader = openEventFile(runAt(path.dirname(file)), path.basename(file));
    const summary = new SeriesSummary();
    const polled = await reader.poll(undefined, { maxBytes: 1e9 });
    summary.add(polled);
    assert.equal(polled.more, false);
    assert.equal(polled.problems.length, truth.bad_crc);
    assert.equal(polled.facts.startedAt, truth.first_wall_time);
    const series = new Map(summary.series.map((info) => [info.tag, info]));
    assert.deepEqual([...series.keys()].toSorted(), Object.keys(truth.tags).toSorted());
    for (const [tag, expected] of Object.entries(truth.tags)) {
      const info = series.get(tag)!;
      assert.equal(
        info.kind,
        expected.scalar ? 'scalar' : (kinds[expected.plugin] ?? storageKinds[expected.storage] ?? 'other'),
        tag,
      );
      assert.deepEqual(
        [info.count, info.firstStep, info.lastStep, info.firstWallTime, info.lastWallTime],
        [expected.count, expected.first_step, expected.last_step, expected.first_wall, expected.last_wall],
        tag,
      );
      if (!expected.scalar) continue;
      assert.deepEqual([info.firstValue, info.lastValue], [expected.first_value, expected.last_value], tag);
      if (expected.nan_count === undefined) {
        assert.deepEqual([info.min, info.max, info.nonFinite], [expected.min_value, expected.max_value, 0], tag);
      } else {
        const values = polled.scalars.find((batch) => batch.tag === tag)!.values;
        assert.equal(values.filter(Number.isNaN).length, expected.nan_count);
        assert.ok(info.nonFinite >= expected.nan_count);
      }
    }
  });
}

test('pictures and text of the corpus are found where the records say', { skip: withoutCorpus }, async () => {
  const { readFile } = await import('node:fs/promises');
  const folder = path.join(corpus, 'tensorboard_made', 'run1');
  const [file] = eventFilesBelow(folder);
  const bytes = await readFile(file!);
  const { media } = await openEventFile(runAt(folder), path.basename(file!)).poll(undefined, { maxBytes: 1e9 });
  const lengths = { img_v2: 8971, 'note/text_summary': 28 };
  for (const [tag, length] of Object.entries(lengths)) {
    const last = media.filter((record) => record.tag === tag).at(-1)!;
    assert.equal(last.place.at, 'range');
    const { offset, length: found } = last.place as { offset: number; length: number };
    assert.equal(found, length);
    const content = bytes.subarray(offset, offset + found);
    if (last.kind === 'text') assert.ok(content.toString('utf8').startsWith('# step 40\n**bold** | a | b |'));
    else assert.deepEqual([...content.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  }
  const picture = media.find(({ tag }) => tag === 'img_v2')!;
  // Width and height of a PNG stand at bytes 16 and 20.
  const start = (picture.place as { offset: number }).offset;
  assert.deepEqual(
    [picture.mime, picture.width, picture.height],
    ['image/png', bytes.readUInt32BE(start + 16), bytes.readUInt32BE(start + 20)],
  );
});
