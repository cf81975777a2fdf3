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
}
