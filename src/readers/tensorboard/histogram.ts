import type { HistogramContent } from '../../domain/mediaContent.ts';
import type { TensorValues } from './tensorValues.ts';
import { viewOf, WireReader, wireTypes } from './wire.ts';

/**
 * A histogram of the first format: HistogramProto holds min (1), max (2), bucket_limit (6) and bucket (7). Bucket i ends at limit i; empty buckets at both ends are
 * left out and min and max are the outer edges, as TensorBoard does it (tensorboard/data_compat.py). Throws MalformedMessage.
 */
export function histogramOfProto(bytes: Uint8Array): HistogramContent {
  const reader = new WireReader(bytes, viewOf(bytes), { start: 0, end: bytes.length });
  let min = 0;
  let max = 0;
  const limits: number[] = [];
  const buckets: number[] = [];
  while (reader.more) {
    const key = reader.key();
    if (key === 0x09) min = reader.double();
    else if (key === 0x11) max = reader.double();
    else if (key >> 3 === 6) readDoubles(reader, key, limits);
    else if (key >> 3 === 7) readDoubles(reader, key, buckets);
    else reader.skip(key);
  }
  const start = buckets.findIndex((count) => count > 0);
  const end = buckets.findLastIndex((count) => count > 0);
  if (start < 0) return { edges: [min], counts: [] };
  return { edges: [min, ...limits.slice(start, end), max], counts: buckets.slice(start, end + 1) };
}

/** A repeated double, packed or not. */
function readDoubles(reader: WireReader, key: number, into: number[]): void {
  if ((key & 7) === wireTypes.fixed64) {
    into.push(reader.double());
    return;
  }
  const packed = reader.inside(reader.range());
  while (packed.more) into.push(packed.double());
}

/**
 * A histogram of the second format: a tensor of N rows [left, right, count] (tensorboard/plugins/histogram/summary_v2.py). Where one bin does not begin at the end
 * of the one before it, an empty bin fills the gap. Undefined for tensors of another shape.
 */
export function histogramOfTensor({ shape, values }: TensorValues): HistogramContent | undefined {
  if (shape.length !== 2 || shape[1] !== 3 || values.length !== shape[0]! * 3) return undefined;
  if (values.length === 0) return { edges: [0], counts: [] };
  const edges: number[] = [values[0]!];
  const counts: number[] = [];
  for (let row = 0; row < values.length; row += 3) {
    const left = values[row]!;
    if (left > edges.at(-1)!) {
      edges.push(left);
      counts.push(0);
    }
    edges.push(values[row + 1]!);
    counts.push(values[row + 2]!);
  }
  return { edges, counts };
}
