import { type CsvHead, readCsvHead, stepColumnOf } from '../text/csvHead.ts';
import { CsvScan } from '../text/csvScan.ts';
import type { HeadSample } from '../text/headSample.ts';
import { isTrainingTable } from './dialects.ts';

/** `later`: what is there does not tell yet. */
export type Judgement = { readonly verdict: 'run' | 'later' } | { readonly verdict: 'none'; readonly why: string };

/** Steps that go back more often than this share of the rows are no steps. */
const mostBackward = 0.25;

/** Whether the head of a table, with a name that may be a log's, is that of a training log. */
export function judgeTable(fileName: string, sample: HeadSample): Judgement {
  const head = readCsvHead(sample.bytes, sample.end);
  if (head === 'unfinished')
    return sample.isWhole ? { verdict: 'later' } : { verdict: 'none', why: 'its first line has no end within 64 KiB' };
  if ('refused' in head) return { verdict: 'none', why: head.refused };
  if (head.names.some((name) => /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(name)))
    return { verdict: 'none', why: 'its first line holds numbers where names of columns would stand' };
  if (!isTrainingTable(fileName, head))
    return { verdict: 'none', why: 'its header names no step, epoch or the like, or nothing beside it' };
  return judgeRows(head, sample);
}

function judgeRows(head: CsvHead, sample: HeadSample): Judgement {
  const scan = new CsvScan(null);
  scan.scan({ ...sample, offset: 0, isSettled: false });
  const batches = scan.take();
  // A table without rows is taken by its name and header: the rows are still to come.
  if (sample.isWhole && sample.end === head.length) return { verdict: 'run' };
  if (batches.length === 0)
    return sample.isWhole ? { verdict: 'later' } : { verdict: 'none', why: 'its first rows hold no numbers' };
  const steps = batches.reduce(
    (longest, { steps: next }) => (next.length > longest.length ? next : longest),
    batches[0]!.steps,
  );
  if (stepColumnOf(head.names) >= 0 && goesBackOften(steps))
    return { verdict: 'none', why: 'the column that would be its steps does not rise' };
  return { verdict: 'run' };
}

function goesBackOften(steps: Float64Array): boolean {
  let backward = 0;
  for (let row = 1; row < steps.length; row++) if (steps[row]! < steps[row - 1]!) backward++;
  return backward > 2 && backward > steps.length * mostBackward;
}
