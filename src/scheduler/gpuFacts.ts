/** What the queue must know of a GPU of this machine. */
export interface GpuFacts {
  /** As CUDA_VISIBLE_DEVICES wants it: "0", or "MIG-…". */
  readonly id: string;
  /** Absent where the driver does not say. */
  readonly totalMiB?: number;
  readonly usedMiB?: number;
}
