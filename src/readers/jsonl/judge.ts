import type { Judgement } from '../csv/judge.ts';
import type { HeadSample } from '../text/headSample.ts';
import { JsonScan } from '../text/jsonScan.ts';
import { leastRecords } from './dialects.ts';

const openBrace = 123;

/** Whether the head of a file, with a name that may be a log's, is that of a training log: objects with a step and with numbers beside it. */
export function judgeRecords(fileName: string, sample: HeadSample): Judgement {
  const { bytes, end, isWhole } = sample;
  let at = bytes[0] === 0xef ? 3 : 0;
  while (at < end && bytes[at]! <= 32) at++;
  if (at >= end) return isWhole ? { verdict: 'later' } : { verdict: 'none', why: 'it begins with nothing but spaces' };
  if (bytes[at] !== openBrace) return { verdict: 'none', why: 'its first line is no JSON object' };
  const scan = new JsonScan(null);
  scan.scan({ ...sample, offset: 0, isSettled: false });
  const batches = scan.take();
  const { records } = scan;
  if (records < leastRecords(fileName))
    return isWhole ? { verdict: 'later' } : { verdict: 'none', why: 'its first object does not end within 64 KiB' };
  if (!scan.hasSteps) return { verdict: 'none', why: 'its objects hold no step, epoch or the like' };
  if (!batches.some(({ values }) => values.length > 0)) return { verdict: 'none', why: 'its objects hold no numbers' };
  return { verdict: 'run' };
}
