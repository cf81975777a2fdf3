import type { DeviceName, StepPlacement } from '../../domain/device.ts';
import type { StepPlan } from '../engine/fusedSteps.ts';
import type { TrainState } from '../engine/trainState.ts';
import { readTrace, type Trace } from '../profile/trace.ts';
import { tracedCalls } from '../profile/tracedCalls.ts';

/** Where the operations of a training step run, by ONNX Runtime's own trace of one step, whose result is thrown away. */
export async function lookAtPlacement(plan: StepPlan, start: TrainState): Promise<StepPlacement> {
  const { text } = await tracedCalls(plan, start, 1, 0);
  return stepPlacement(readTrace(text), plan.placement.device);
}

/** What ONNX Runtime puts between two devices (onnxruntime/core/optimizer/transformer_memcpy.cc). */
const copyOperators = new Set(['MemcpyFromHost', 'MemcpyToHost']);

/** Which nodes of a trace stayed on the CPU, and how many copy between it and the device. */
export function stepPlacement({ nodes }: Pick<Trace, 'nodes'>, device: DeviceName): StepPlacement {
  const operators = new Map<string, Set<string>>();
  const all = new Set<string>();
  const copies = new Set<string>();
  for (const { node, op, provider } of nodes) {
    if (copyOperators.has(op)) {
      copies.add(node);
      continue;
    }
    all.add(node);
    if (device === 'cpu' || provider !== 'CPU') continue;
    const names = operators.get(op) ?? new Set<string>();
    names.add(node);
    operators.set(op, names);
  }
  const onCpu = [...operators].map(([op, names]) => ({ op, nodes: names.size })).sort((a, b) => b.nodes - a.nodes);
  return { nodes: all.size, onCpu, copies: copies.size };
}
