// Micro-benchmarks behind the choices in src/graph: `node test/bench/graphMicro.ts [part of a name]`. Prints medians; asserts nothing.
import * as ort from 'onnxruntime-node';
import * as ops from '../../src/graph/index.ts';

interface Timed {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}

/** Interleaves the alternatives, so that a busy machine slows all of them alike, and prints their medians. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export async function compare(
  title: string,
  alternatives: Readonly<Record<string, (graph: ops.Graph) => ops.Value>>,
  rounds = 9,
) {
  const timed: Timed[] = [];
  for (const [name, build] of Object.entries(alternatives)) {
    const graph = new ops.Graph();
    const y = build(graph);
    timed.push(await load(name, ops.encodeModel(graph, { y: reduced(y) }), graph));
  }
  for (const each of timed) await each.run();
  for (let round = 0; round < rounds; round++) {
    for (const each of timed) {
      const start = cpuMilliseconds();
      await each.run();
      await each.run();
      each.times.push((cpuMilliseconds() - start) / 2);
    }
  }
  console.log(title);
  for (const { name, times } of timed) {
    const sorted = [...times].sort((a, b) => a - b);
    console.log(`  ${name.padEnd(44)} ${sorted[rounds >> 1]!.toFixed(3)} ms (min ${sorted[0]!.toFixed(3)})`);
  }
}

async function load(name: string, bytes: Uint8Array, graph: ops.Graph): Promise<Timed> {
  const threads = Number(process.env['THREADS'] ?? '1');
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, logSeverityLevel: 3 });
  const random = ops.seededRandom(1);
  const feeds: Record<string, ort.Tensor> = {};
  for (const input of graph.inputs) {
    const inputName = ops.inputName(input);
    if (!session.inputNames.includes(inputName)) continue;
    const size = ops.sizeOf(input.shape);
    feeds[inputName] =
      input.dtype === 'int64'
        ? new ort.Tensor(
            'int64',
            BigInt64Array.from({ length: size }, () => BigInt(Math.floor(random.uniform() * 100))),
            input.shape,
          )
        : new ort.Tensor(
            'float32',
            Float32Array.from({ length: size }, () => random.normal()),
            input.shape,
          );
  }
  return { name, run: () => session.run(feeds), times: [] };
}

/** One number per case: otherwise copying the result out of the runtime would be most of the time. */
function reduced(y: ops.Value): ops.Value {
  return ops.reduceSum(ops.cast(y, 'float32'), undefined, false);
}
