import { AppError } from '../../base/errors.ts';
import { optimizerScope } from '../engine/stepNames.ts';

/** What part of a step a node belongs to. `other`: made by ONNX Runtime out of several nodes, or belonging to none of them. */
export const phases = ['forward', 'backward', 'optimizer', 'other'] as const;
export type Phase = (typeof phases)[number];

/** One run of one node. */
export interface NodeRun {
  readonly node: string;
  readonly op: string;
  readonly phase: Phase;
  /** Where it ran, as people call it: "CPU", "CUDA". */
  readonly provider: string;
  /** Microseconds since the trace began, and how long. */
  readonly start: number;
  readonly duration: number;
  /** "float [64, 128] × float [128, 64]" */
  readonly inputs: string;
}

export interface Trace {
  readonly nodes: readonly NodeRun[];
  /** Highest memory that the arena held, in bytes; 0 where the trace does not tell. */
  readonly peakBytes: number;
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const kernelSuffix = '_kernel_time';

/**
 * Reads a trace of ONNX Runtime (https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html): Chrome's trace format with an event per
 * node. The node that holds all steps is left out: its time is that of the nodes in it. Throws AppError 'bad-file' where it is no trace.
 */
export function readTrace(text: string): Trace {
  let events: readonly TraceEvent[];
  try {
    events = JSON.parse(text) as readonly TraceEvent[];
  } catch (error) {
    throw new AppError('bad-file', 'ONNX Runtime left a trace that cannot be read.', { cause: error });
  }
  const nodes: NodeRun[] = [];
  let peakBytes = 0;
  for (const { cat, name = '', ts = 0, dur = 0, args = {} } of events) {
    if (cat !== 'Node' || !name.endsWith(kernelSuffix)) continue;
    peakBytes = Math.max(peakBytes, Number(args['mem_in_use_peak'] ?? 0) || 0);
    const op = String(args['op_name'] ?? '');
    if (op === 'Scan') continue;
    const node = name.slice(0, -kernelSuffix.length);
    const provider = String(args['provider'] ?? '').replace('ExecutionProvider', '');
    nodes.push({
      node,
      op,
      phase: phaseOf(node),
      provider,
      start: ts,
      duration: dur,
      inputs: describeShapes(args['input_type_shape']),
    });
  }
  return { nodes, peakBytes };
}

/** Nodes carry the place in the network that made them; what derivative rules made stands under `d(…)`. */
export function phaseOf(node: string): Phase {
  if (node.startsWith(`${optimizerScope}/`)) return 'optimizer';
  if (node.startsWith('d(')) return 'backward';
  return /\/|_\d+$/.test(node) ? 'forward' : 'other';
}

function describeShapes(given: unknown): string {
  if (!Array.isArray(given)) return '';
  const parts = given.flatMap((each: unknown) =>
    each !== null && typeof each === 'object'
      ? Object.entries(each).map(([type, shape]) => `${type} [${Array.isArray(shape) ? shape.join(', ') : ''}]`)
      : [],
  );
  return parts.join(' × ');
}
