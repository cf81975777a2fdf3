/** A GPU of this machine as its driver's tool describes it. What the tool does not say is absent. */
export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES (or HIP_VISIBLE_DEVICES) wants it: the number in PCI bus order, or the UUID of a MIG slice. */
  readonly id: string;
  readonly vendor: 'nvidia' | 'amd';
  readonly name: string;
  readonly uuid?: string;
  readonly totalMiB?: number;
  readonly usedMiB?: number;
  /** Per cent. */
  readonly utilization?: number;
  /** °C. */
  readonly temperature?: number;
}
