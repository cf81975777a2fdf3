import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { bridge } from '../../../../src/recipes/bridge/index.ts';
import type { TokenFacts } from '../../../../src/recipes/data.ts';
import { languageModel } from '../../../../src/recipes/languageModel/index.ts';
import { openDataSet } from '../../../../src/trainer/data/openDataSet.ts';
import { WindowIndex } from '../../../../src/trainer/data/tokens/windows.ts';
import { configure } from '../../recipes/tinyRun.ts';
import { temporaryFolder } from '../support.ts';
import { badDataSays } from './badDataSays.ts';
import { allExamples, request, tokenSource, withSet, writeFiles } from './requests.ts';

const dna = (changes = {}) => tokenSource({ vocabulary: 'dna', ...changes });
const letters = '..NACGT';
const spell = (tokens: readonly number[]) => tokens.map((token) => letters[token]).join('');
const genomes = path.resolve('../shared/data');

test('windows cover all tokens of a stretch, and none of another', () => {
  const stretch = fc.record({ from: fc.nat(5), length: fc.nat(60) });
  const property = fc.property(
    fc.array(stretch, { maxLength: 6 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 25 }),
    (drawn, window, stride) => {
      const stretches = drawn.map(({ from, length }, sequence) => ({ sequence, start: from, end: from + length }));
      const index = new WindowIndex(stretches, window, stride);
      const places = Array.from({ length: index.count }, (_, i) => index.at(i));
      for (const { sequence, start, end } of stretches) {
        const own = places.filter((place) => place.sequence === sequence);
        const covered = new Set(
          own.flatMap((place) => Array.from({ length: place.length }, (_, i) => place.start + i)),
        );
        const wanted = Array.from({ length: end - start }, (_, i) => start + i).filter(
          (at) => stride <= window || (at - start) % stride < window,
        );
        assert.deepEqual(
          [...covered].sort((a, b) => a - b),
          wanted,
        );
        // All are whole but the last, which begins where the one before it did not reach.
        assert.ok(
          own.every(
            (place, i) =>
              place.length > 0 && (i === own.length - 1 || place.length === Math.min(window, end - place.start)),
          ),
        );
        assert.ok(own.every((place, i) => place.start === start + i * stride));
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('text: bytes are tokens, the last window of each file is filled up', async (t) => {
  const folder = writeFiles(temporaryFolder(t), {
    'b.txt': 'abcdefghij',
    'a.txt': 'xyz',
    'sub/c.md': 'ä',
    'no.bin': 'zz',
  });
  await withSet(request(folder, tokenSource()), (set) => {
    const facts = set.facts as TokenFacts;
    assert.deepEqual(
      [facts.examples, facts.window, facts.vocabulary.size, facts.weighted, facts.classes],
      [4, 8, 258, true, 0],
    );
    const pad = facts.vocabulary.pad;
    const texts = allExamples(set).map(({ tokens }) => Buffer.from(tokens.filter((token) => token !== pad)).toString());
    assert.deepEqual(texts, ['xyz', 'abcdefgh', 'ij', 'ä']);
    assert.deepEqual(allExamples(set)[0]!.weights, [1, 1, 1, 0, 0, 0, 0, 0]);
    // Behind the end examples begin anew.
    assert.deepEqual(set.gather([2 + 4]), set.gather([2]));
  });
});

test('text: parts by name, or a part held out in blocks that share no token with the rest', async (t) => {
  const named = writeFiles(temporaryFolder(t), { 'train.txt': 'aaaa', 'valid.txt': 'bb', 'readme.md': 'cc' });
  const counts = async (root: string, source = tokenSource({ testFraction: 0.25 })) => {
    const read = (split: 'train' | 'test') =>
      withSet(request(root, source, split), (set) =>
        allExamples(set).flatMap(({ tokens }) => tokens.filter((token) => token < 256)),
      );
    return { train: await read('train'), test: await read('test') };
  };
  assert.deepEqual(await counts(named), { train: [97, 97, 97, 97], test: [98, 98] });
  const text = Uint8Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? i >> 9 : i >> 1) & 255);
  const file = path.join(temporaryFolder(t), 'all.txt');
  writeFileSync(file, text);
  const parts = await counts(file);
  assert.deepEqual([...parts.train, ...parts.test].sort(), Array.from(text).sort());
  assert.equal(parts.test.length, 1008);
  assert.deepEqual(await counts(file), parts);
  const hashes = await Promise.all(
    (['train', 'test'] as const).map((split) =>
      withSet(request(file, tokenSource({ testFraction: 0.25 }), split), (set) => set.sha256),
    ),
  );
  assert.notEqual(hashes[0], hashes[1]);
  assert.equal(await openDataSet(request(file, tokenSource(), 'test')), undefined);
});

test('FASTA: any lines, lower case weighs less, long runs of N part the windows, short ones weigh nothing', async (t) => {
  const gap = 'N'.repeat(64);
  const fasta = `>one first\r\nACGTacgt\r\nNRu\r\n\r\n>two\n${gap}AC\nGT${gap}TT\nT${gap}\n>empty\n`;
  const file = path.join(writeFiles(temporaryFolder(t), { 'x.fa': fasta }), 'x.fa');
  await withSet(request(file, dna({ softMaskWeight: 0.25 })), (set) => {
    const examples = allExamples(set);
    assert.deepEqual(
      examples.map(({ tokens }) => spell(tokens)),
      ['ACGTACGT', 'NNT.....', 'ACGT....', 'TTT.....'],
    );
    assert.deepEqual(examples[0]!.weights, [1, 1, 1, 1, 0.25, 0.25, 0.25, 0.25]);
    assert.deepEqual(examples[1]!.weights, [0, 0, 0.25, 0, 0, 0, 0, 0]);
    assert.deepEqual((set.facts as TokenFacts).vocabulary, { kind: 'dna', size: 7, pad: 0, mask: 1, unknown: 2 });
  });
});

test('FASTA and 2bit files, packed or not, give the sequence that was written, with its masks', async (t) => {
  const folder = temporaryFolder(t);
  const random = fc.sample(
    fc.array(fc.constantFrom(...'ACGTacgt', 'N'.repeat(70), 'nn'), { minLength: 4000, maxLength: 6000 }),
    { numRuns: 1, seed: 7 },
  );
  const sequence = random[0]!.join('');
  const lines = sequence.match(/.{1,61}/g)!.join('\n');
  writeFiles(folder, {
    'x.fa': `>a\n${lines}\n`,
    'y.fa.gz': gzipSync(`>a\n${sequence}`),
    'x.2bit': twoBitFile('a', sequence),
  });
  const source = dna({ window: 100, stride: 70, softMaskWeight: 0.5 });
  const read = (name: string) => withSet(request(path.join(folder, name), source), allExamples);
  const fromFasta = await read('x.fa');
  assert.deepEqual(await read('y.fa.gz'), fromFasta);
  assert.deepEqual(await read('x.2bit'), fromFasta);
  const known = sequence.split(/[Nn]{64,}/).filter((part) => part !== '');
  assert.equal(spell(fromFasta[0]!.tokens).replaceAll('.', ''), known[0]!.slice(0, 100).toUpperCase());
  const last = known.at(-1)!;
  assert.ok(last.toUpperCase().endsWith(spell(fromFasta.at(-1)!.tokens).replaceAll('.', '')));
});

test('the reverse complement is drawn by seed, epoch and place, never without draws', async (t) => {
  const file = path.join(writeFiles(temporaryFolder(t), { 'x.fa': '>a\nACCGTTTNAC\n' }), 'x.fa');
  await withSet(request(file, dna({ reverseComplement: true })), (set) => {
    const read = (draws?: Uint32Array) => spell(Array.from(set.gather([0, 1], draws)['tokens'] as Int32Array));
    assert.equal(read(), 'ACCGTTTN' + 'AC......');
    assert.equal(read(Uint32Array.of(1, 3)), 'NAAACGGT' + 'GT......');
    assert.equal(read(Uint32Array.of(2, 1)), 'ACCGTTTN' + 'GT......');
  });
});

test('contigs may be held out by name', async (t) => {
  const file = path.join(writeFiles(temporaryFolder(t), { 'x.fa': '>a\nAAAA\n>b\nCCCC\n>c\nGG\n' }), 'x.fa');
  const read = (names: readonly string[], split: 'train' | 'test') =>
    withSet(request(file, dna({ testSequences: names }), split), (set) =>
      allExamples(set).map(({ tokens }) => spell(tokens)),
    );
  assert.deepEqual(await read(['b', 'c'], 'test'), ['CCCC....', 'GG......']);
  assert.deepEqual(await read(['b', 'c'], 'train'), ['AAAA....']);
  await assert.rejects(read(['chr2'], 'train'), badDataSays(/no sequence "chr2" to hold out\. There are: a, b, c/));
});

test('recipes say which contigs are held out, and data in two parts have no use for that', async (t) => {
  const files = {
    'all/x.fa': '>a\nAAAAAAAAAA\n>b\nCCCCCCCCCC\n',
    'parts/train.fa': '>a\nAAAA\n',
    'parts/test.fa': '>b\nCCCC\n',
  };
  const folder = writeFiles(temporaryFolder(t), files);
  const common = { vocabulary: 'dna', window: 4, testSequences: ' b, ' };
  const configs = [
    [languageModel, { ...common, reverseComplement: false }],
    [bridge, { ...common, continuation: 4, sender: 's.onnx', receiver: 'r.onnx' }],
  ] as const;
  for (const [recipe, keys] of configs) {
    const asked = (data: string) => recipe.dataSets(configure(recipe, { ...keys, data: path.join(folder, data) }));
    const bases = await Promise.all(
      asked('all').map((each) =>
        withSet(each, (set) => new Set(spell(allExamples(set).flatMap(({ tokens }) => tokens)).replaceAll('.', ''))),
      ),
    );
    assert.deepEqual(bases, [new Set('A'), new Set('C')], recipe.info.id);
    await assert.rejects(openDataSet(asked('parts')[0]!), badDataSays(/in two parts already, and testSequences/));
  }
});

test('broken files are refused with file and offset', async (t) => {
  const whole = twoBitFile('a', 'ACGTNNNNACGT');
  const cases: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
    'none.fa': ['ACGT\n', /none\.fa is no FASTA file: there is no ">" before what stands at byte 0/],
    'protein.fa': ['>p\nACGT\nMKLV\n', /protein\.fa has "L" at byte 10, which is no base/],
    'nul.fa': [Buffer.from('>p\nAC\0'), /has the byte 0 at byte 5/],
    'empty.fa': ['', /no train examples/],
    'twice.fa': ['>a\nAC\n>a\nGT\n', /The sequence a is twice in twice\.fa/],
    'cut.fa.gz': [gzipSync('>a\nACGTACGTACGTACGT\n').subarray(0, 20), /cannot be unpacked, it is cut or damaged/],
    'cut.2bit': [whole.subarray(0, whole.length - 1), /cut\.2bit is cut: the bases of a needs 49 bytes, 48 found/],
    'head.2bit': [whole.subarray(0, 9), /head\.2bit is cut: its header needs 16 bytes, 9 found/],
    'index.2bit': [whole.subarray(0, 18), /cut: entry 1 of its index needs 22 bytes, 18 found/],
    'other.2bit': ['This is no 2bit file.', /does not begin with its signature/],
  };
  for (const [name, [content, says]] of Object.entries(cases)) {
    const folder = writeFiles(temporaryFolder(t), { [name]: content });
    await assert.rejects(openDataSet(request(path.join(folder, name), dna())), badDataSays(says), name);
  }
  await assert.rejects(openDataSet(request('/nowhere/x.fa', dna())), badDataSays(/does not exist: \/nowhere\/x\.fa/));
  await assert.rejects(openDataSet(request('', dna())), badDataSays(/is not given/));
  await assert.rejects(
    openDataSet(request(temporaryFolder(t), dna())),
    badDataSays(/no FASTA or 2bit files in .*ends in \.fa/),
  );
});

test('a file that was cut after it was opened is told', async (t) => {
  // Larger than what is kept in memory, so that it is read from disk.
  const file = path.join(temporaryFolder(t), 'large.txt');
  writeFileSync(file, Buffer.alloc(65 * 1024 * 1024, 97));
  await withSet(request(file, tokenSource({ window: 1024, stride: 1024 })), (set) => {
    assert.notEqual(set.plan, undefined);
    assert.deepEqual(new Set(set.gather([66000])['tokens'] as Int32Array), new Set([97]));
    writeFileSync(file, 'short');
    assert.throws(() => set.gather([66000]), badDataSays(/large\.txt ends at byte .* now; it was longer/));
  });
});

for (const name of ['NC_008253.fna.gz', 'lambda_virus.fa.gz']) {
  const file = path.join(genomes, name);
  test(`the genome ${name}: windows are what stands in the file`, {
    skip: !existsSync(file) && 'shared/data is not here',
  }, async () => {
    const text = gunzipSync(readFileSync(file)).toString('latin1');
    const sequence = text.slice(text.indexOf('\n')).replaceAll(/\s/g, '').toUpperCase();
    const source = dna({ window: 512, stride: 256, testFraction: 0.1 });
    let covered = 0;
    for (const split of ['train', 'test'] as const) {
      await withSet(request(file, source, split), (set) => {
        const read = (i: number) => spell(Array.from(set.gather([i])['tokens'] as Int32Array)).replaceAll('.', '');
        for (let i = 0; i < set.facts.examples; i += 997) assert.ok(sequence.includes(read(i)), `${split} ${i}`);
        covered += set.facts.examples;
      });
    }
    assert.ok(covered >= Math.floor(sequence.length / 256) - 200 && covered <= Math.ceil(sequence.length / 256) + 200);
  });
}

/** A 2bit file of one sequence, as UCSC describes the format. */
function twoBitFile(name: string, sequence: string): Buffer {
  const runs = (pattern: RegExp) =>
    [...sequence.matchAll(pattern)].map((match) => [match.index, match[0].length] as const);
  const words = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
  const block = (list: readonly (readonly [number, number])[]) =>
    words(list.length, ...list.map(([start]) => start), ...list.map(([, length]) => length));
  const packed = Buffer.alloc(Math.ceil(sequence.length / 4));
  [...sequence.toUpperCase()].forEach((letter, i) => {
    packed[i >> 2]! |= Math.max(0, 'TCAG'.indexOf(letter)) << (6 - 2 * (i % 4));
  });
  const index = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), words(16 + 1 + name.length + 4)]);
  const record = [words(sequence.length), block(runs(/[Nn]+/g)), block(runs(/[a-z]+/g)), words(0), packed];
  return Buffer.concat([words(0x1a412743, 0, 1, 0), index, ...record]);
}
