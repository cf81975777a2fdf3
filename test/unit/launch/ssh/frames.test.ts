import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agentGreeting, encodeFrame, type Frame, FrameParser } from '../../../../src/launch/ssh/frames.ts';

const frame = fc.record({ tree: fc.jsonValue(), content: fc.uint8Array({ maxLength: 300 }) });

test('frames come out as they went in, whatever stands before them and wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60 }).filter((text) => !text.includes('\0')),
      fc.array(frame, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      (noise, frames, cuts) => {
        const bytes = Buffer.concat([
          Buffer.from(noise + agentGreeting),
          ...frames.map(({ tree, content }) => encodeFrame(tree, content)),
        ]);
        const parser = new FrameParser();
        const found: Frame[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length]!;
          found.push(...parser.push(bytes.subarray(at, at + size)));
          at += size;
        }
        assert.equal(parser.isGreeted, true);
        assert.deepEqual(
          found.map(({ tree, content }) => [JSON.stringify(tree), [...content]]),
          frames.map(({ tree, content }) => [JSON.stringify(tree), [...content]]),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('bytes that are no frames are an error, not a wait', () => {
  const parser = new FrameParser();
  parser.push(Buffer.from(agentGreeting));
  assert.throws(() => parser.push(Buffer.from('Traceback (most recent call last):\n  File')), /no message/);
});
