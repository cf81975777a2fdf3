import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignStyles, COLOURS, DASHES, hash } from '../../../../webview/shared/runStyles.ts';

const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 80 });

test('the hash is FNV-1a', () => {
  assert.equal(hash(''), 0x811c9dc5);
  assert.equal(hash('a'), 0xe40c292c);
  assert.equal(hash('foobar'), 0xbf9cf968);
});

test('no two runs look alike while there are styles enough, and eight have eight solid colours', () => {
  fc.assert(
    fc.property(ids, (runs) => {
      const styles = assignStyles(runs, new Map());
      assert.equal(styles.size, runs.length);
      const looks = new Set([...styles.values()].map(({ colour, dash }) => `${colour} ${dash}`));
      assert.equal(looks.size, Math.min(runs.length, COLOURS * DASHES.length));
      if (runs.length <= COLOURS) assert.ok([...styles.values()].every(({ dash }) => dash === 0));
    }),
  );
});

test('a run keeps its style when others come and go', () => {
  fc.assert(
    fc.property(ids, ids, (first, second) => {
      const before = assignStyles(first, new Map());
      const after = assignStyles([...new Set([...second, ...first])], before);
      for (const id of first) assert.deepEqual(after.get(id), before.get(id));
    }),
  );
});

test('a run alone always has the colour of its hash', () => {
  for (const id of ['01HZX', 'f00d', 'run']) {
    assert.deepEqual(assignStyles([id], new Map()).get(id), { colour: hash(id) % COLOURS, dash: 0 });
  }
});
