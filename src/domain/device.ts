/** What `device=` accepts. `auto` takes the first of cuda, webgpu, dml, coreml, cpu that a probe proves; it says why the others were refused. */
export const deviceChoices = ['auto', 'cuda', 'webgpu', 'dml', 'coreml', 'cpu'] as const;
export type DeviceChoice = (typeof deviceChoices)[number];
export type DeviceName = Exclude<DeviceChoice, 'auto'>;

/** The outcome of one real session on a device, made in a child process. */
export interface DeviceProbe {
  readonly device: DeviceName;
  readonly usable: boolean;
  /** "2 threads", "NVIDIA H100 80GB HBM3"; '' where unknown. */
  readonly detail: string;
  /** Why it is not usable, in plain words with the next move; '' when usable. */
  readonly reason: string;
  /** What a small training step showed; absent where the device is not usable. */
  readonly proof?: DeviceProof;
}

/** A training step (convolution, attention, layer norm, AdamW) that a device made, with the numbers that the CPU gives. */
export interface DeviceProof {
  /** Milliseconds of a step within a call. */
  readonly stepMs: number;
  /** Milliseconds of a call beyond its steps: handing the state over and taking it back. */
  readonly callMs: number;
  readonly placement: StepPlacement;
}

/** Where the operations of a step ran. */
export interface StepPlacement {
  readonly nodes: number;
  /** Operators that the device has no kernel for, the most frequent first, and how many nodes of each there are. */
  readonly onCpu: readonly { readonly op: string; readonly nodes: number }[];
  /** Copies between the device and the CPU within a step. */
  readonly copies: number;
}

/** "all 312 operations of a step are on the device", or which are not. */
export function describePlacement({ nodes, onCpu, copies }: StepPlacement): string {
  if (onCpu.length === 0) return `all ${nodes} operations of a step are on the device`;
  const named = onCpu.map(({ op, nodes: count }) => `${count} ${op}`).join(', ');
  const total = onCpu.reduce((sum, each) => sum + each.nodes, 0);
  const crossings = copies === 0 ? '' : `, with ${copies} copies in between`;
  return `${total} of ${nodes} operations of a step stay on the CPU (${named})${crossings}`;
}

/** A proof in words: how long a step takes, and what stays on the CPU. */
export function describeProof(device: DeviceName, { stepMs, callMs, placement }: DeviceProof): string {
  const times = `A small training step takes ${stepMs.toFixed(1)} ms`;
  if (device === 'cpu') return `${times}.`;
  return `${times}, handing its state over and back ${callMs.toFixed(1)} ms; ${describePlacement(placement)}.`;
}
